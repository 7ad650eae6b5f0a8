import { printable } from './printable.ts'

/** Why a launcher did not run, by what the container printed instead of records. */
export interface StartExplanation {
  message: string
  remedy?: string | undefined
}

const causes: readonly { pattern: RegExp; remedy: string }[] = [
  {
    pattern: /exec format error|cannot execute binary file/i,
    remedy: 'The image is made for another CPU architecture. Use one for the node, or set `scheduling.architecture`.',
  },
  {
    pattern: /is not allowed in NODE_OPTIONS|bad option|cannot find module .*preload/is,
    remedy: 'Correct NODE_OPTIONS in the environment of the image or of the run.',
  },
  {
    pattern: /exec: "\/bin\/sh"/,
    remedy: 'The image needs `node` (18 or newer) on its PATH, and `/bin/sh`.',
  },
  {
    pattern: /node: (?:command )?not found|"node": executable file not found/i,
    remedy: 'The image needs `node` (18 or newer) on its PATH.',
  },
  {
    pattern: /read-only file system/i,
    remedy: 'The root file system is read-only. Mount an `emptyDir` at /tmp.',
  },
  {
    pattern: /SyntaxError|ERR_UNKNOWN_BUILTIN_MODULE|Unexpected token/,
    remedy: 'The image has a Node.js that is too old for the launcher; it needs 18 or newer.',
  },
]

/** Explains a container that ended without its launcher ever reporting a start. Pure. */
export function explainStart(unframed: string, exitCode: number | null): StartExplanation {
  const text = printable(unframed)
  const remedy = causes.find(({ pattern }) => pattern.test(unframed))?.remedy
  const exit = exitCode === null ? '' : ` (exit code ${exitCode})`
  if (text === '') return { message: `The container ended${exit} before the launcher ran, and printed nothing`, remedy }
  return { message: `The container ended${exit} before the launcher ran. It printed: ${text}`, remedy }
}
