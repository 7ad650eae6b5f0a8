import { type AgentErrorCode, withoutTerminalCodes } from '@agent-jobs/stream-parser-core'

// The CLI's own text, never a model's: matched only if no step began. docs/agent-clis.md#sessions-that-are-gone
const unknownSession = /(?:Session not found\b[^\n'",]*|Resource not found: \S*\/session\/\S*)/

/** What the output says about a session that does not exist, in whatever form; null when it says nothing of the kind. */
export function unknownSessionIn(output: string): string | null {
  return unknownSession.exec(withoutTerminalCodes(output))?.[0].trim().slice(0, 500) ?? null
}

/** The code of a failure to start, from the line that says most. */
export function codeOfStartupLine(line: string): AgentErrorCode {
  if (/^(?:Error: )?(?:ProviderModelNotFoundError\b|Model not found\b)/.test(line)) return 'model_unavailable'
  if (/^(?:Error: )?(?:ProviderAuthError\b|AI_LoadAPIKeyError\b)/.test(line)) return 'auth_failed'
  return 'start_failed'
}
