import type { AgentErrorCode } from './agent-error-code.ts'

// eslint-disable-next-line no-control-regex -- the colour codes of a terminal begin with the escape character
const ansi = /\u001b\[[0-9;]*[A-Za-z]/g

// The CLI's own start-up text, never a model's: looked at only where not one event was printed.
const unknownSession = /^(?:Error: )?(?:NotFoundError: )?Session not found\b/m

/** The code of a start-up failure, from what the CLI says about it. */
export function codeOfStartupText(said: string): AgentErrorCode {
  return unknownSession.test(said.replace(ansi, '')) ? 'session_unavailable' : 'start_failed'
}

/** The first words, without colours, for a message to a person: two lines where the first says little. */
export function firstSaid(said: string, maxChars = 500): string | null {
  const lines = said
    .replace(ansi, '')
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
