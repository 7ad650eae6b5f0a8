import { CommanderError } from 'commander'
import { errorUrl, explanationOf } from './explanations.ts'

/** An error as `--json` prints it, below `error`. */
export interface ErrorReport {
  /** Stable; `agent-jobs explain CODE` describes the known ones. */
  readonly code: string
  readonly message: string
  readonly explanation?: string
  readonly url?: string
}

/** One sentence for errors that the user can act on, a stack for bugs. */
export function errorReport(error: unknown): ErrorReport {
  if (error instanceof CommanderError) {
    return explained('usage', error.message.replace(/^error: /, ''))
  }
  if (!(error instanceof Error)) return { code: 'unknown', message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code === undefined) return { code: 'internal', message: error.stack ?? error.message }
  return explained(code, error.message)
}

function explained(code: string, message: string): ErrorReport {
  const explanation = explanationOf(code)
  return explanation === undefined
    ? { code, message }
    : { code, message, explanation: explanation.remedy, url: errorUrl(code) }
}

/** Whether to print an error as JSON, too. Reads the raw arguments, because invalid ones have no parsed options. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const own = end === -1 ? args : args.slice(0, end)
  return own.some((arg, at) => {
    if (arg === '--json' || arg === '-ojson' || arg === '--output=json') return true
    return (arg === '-o' || arg === '--output') && own[at + 1] === 'json'
  })
}
