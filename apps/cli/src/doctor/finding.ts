import { plain } from '../output/safe-text.ts'
import type { Style } from '../output/style.ts'

/** One thing that a check found. */
export interface Finding {
  /** Stable. */
  readonly code: string
  readonly level: 'info' | 'warn' | 'error'
  readonly message: string
  readonly detail?: string | null | undefined
  /** What to do. */
  readonly hint?: string | null | undefined
}

/** Formats a finding for the terminal. */
export function findingLines({ level, message, detail, hint }: Finding, style: Style): string[] {
  const mark = { info: style.green('✔'), warn: style.yellow('!'), error: style.red('✘') }[level]
  return [
    `${mark} ${plain(message)}`,
    ...(detail ? [`  ${style.dim(plain(detail))}`] : []),
    ...(hint ? [`  → ${plain(hint)}`] : []),
  ]
}
