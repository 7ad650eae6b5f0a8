import { type AgentErrorCode, withoutColours } from '@agent-jobs/stream-parser-core'

// The CLI's own start-up texts, never a model's: they are looked at only where no model was asked (no init line,
// or the `errors` member of a result without a turn). Anchored, because they are whole messages.
const sessionTexts: readonly RegExp[] = [
  /^(?:Error: )?No conversation found\b/m,
  /^(?:Error: )?--resume requires a valid session ID\b/m,
  /^(?:Error: )?Failed to resume session\b/m,
]

/** The code of a start-up failure, from what the CLI says about it. */
export function codeOfStartupText(said: string): AgentErrorCode {
  const plain = withoutColours(said)
  return sessionTexts.some((pattern) => pattern.test(plain)) ? 'session_unavailable' : 'start_failed'
}

/** The first line that says something, without colours, for a message to a person. */
export function firstSaid(said: string, maxChars = 500): string | null {
  for (const line of withoutColours(said).split('\n')) {
    const trimmed = line.trim()
    if (trimmed !== '') return trimmed.slice(0, maxChars)
  }
  return null
}
