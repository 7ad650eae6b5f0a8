import { type AgentErrorCode, withoutTerminalCodes } from '@agent-jobs/stream-parser-core'
import { readApiErrorText } from './api-error-text.ts'

// The CLI's own start-up texts, never a model's: they are matched only if no model was called (no init line, or the
// `errors` member of a result without a turn). docs/agent-clis.md#sessions-that-are-gone
const unknownSession =
  /(?:No conversation found (?:with session ID|to continue)|--resume requires a valid session ID|Failed to resume session|Session \S+ (?:was )?not found)\b[^\n'"]*/

/** What the output says about a session that does not exist, in whatever form; null when it says nothing of the kind. */
export function unknownSessionIn(output: string): string | null {
  return unknownSession.exec(withoutTerminalCodes(output))?.[0].trim().slice(0, 500) ?? null
}

/** The code of a failure to start, from the line that says most. */
export function codeOfStartupLine(line: string): AgentErrorCode {
  return readApiErrorText(line)?.code ?? 'start_failed'
}
