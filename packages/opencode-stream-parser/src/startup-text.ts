import { type AgentErrorCode, withoutColours } from '@agent-jobs/stream-parser-core'

// The CLI's own start-up text, never a model's: looked at only where not one event was printed.
const unknownSession = /^(?:Error: )?(?:NotFoundError: )?Session not found\b/m

/** The code of a start-up failure, from what the CLI says about it. */
export function codeOfStartupText(said: string): AgentErrorCode {
  return unknownSession.test(withoutColours(said)) ? 'session_unavailable' : 'start_failed'
}

/** The first words, without colours, for a message to a person: two lines where the first says little. */
export function firstSaid(said: string, maxChars = 500): string | null {
  const lines = withoutColours(said)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const [first, second] = lines
  if (first === undefined) return null
  return (first === 'Error: Unexpected error' && second !== undefined ? `${first}: ${second}` : first).slice(
    0,
    maxChars,
  )
}
