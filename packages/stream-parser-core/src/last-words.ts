import { withoutTerminalCodes } from './without-terminal-codes.ts'

const maxChars = 500
const maxLastLines = 4
const frame =
  /^\s*at (?:async )?\S|^\s*at .*\(.*:\d+(?::\d+)?\)$|^\s*\.\.\. \d+ lines? matching|^Node\.js v\d|^\s*[\^~]+\s*$/
const warning =
  /^(?:\(node:\d+\) |\(Use `node --trace|\[?(?:warn(?:ing)?|debug|info|trace)\]?\b|npm (?:warn|notice)|\w*Warning:|INFO |WARN |DEBUG )/i
const error = /^(?:[\w.]*(?:Error|Exception)\b|error\b|fatal\b|panic\b|failed\b|uncaught\b)/i

/** The lines of a CLI's own output that say something: without terminal codes, warnings and stack frames. */
function tellingLines(output: string): string[] {
  const lines = withoutTerminalCodes(output)
    .split(/\r?\n|\r/)
    .map((line) => line.trim())
    .filter((line) => /[\p{L}\p{N}]/u.test(line))
  const telling = lines.filter((line) => !warning.test(line) && !frame.test(line))
  return telling.length > 0 ? telling : lines
}

/** The line that says what went wrong: the first that reads like an error, else the last one. Null without a line. */
export function errorLineOf(output: string): string | null {
  const lines = tellingLines(output)
  const at = lines.findIndex((line) => error.test(line))
  const line = lines[at < 0 ? lines.length - 1 : at]
  if (line === undefined) return null
  // "Error: Unexpected error" and the like say it in the next line.
  const next =
    at >= 0 && /^(?:\w*Error:? ?)?(?:Error: )?(?:Unexpected error|\w*Error)?:?$/i.test(line) ? lines[at + 1] : undefined
  return (next === undefined ? line : `${line.replace(/:$/, '')}: ${next}`).slice(0, maxChars)
}

/** The last lines that say something, for a message to a person. Empty without one. */
export function lastWordsOf(output: string): string {
  return tellingLines(output).slice(-maxLastLines).join(' | ').slice(-maxChars)
}
