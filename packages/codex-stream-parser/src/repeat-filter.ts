/**
 * Knows the messages that a retried response prints again. When the model's stream breaks, Codex asks once more, and
 * prints the complete messages of the new response under new ids (docs/agent-clis.md#codex-events).
 */
export interface RepeatFilter {
  /** A whole message or thought. True when it was printed before the retry and is only repeated. */
  text(type: 'agent_message' | 'reasoning', text: string): boolean
  /** A tool ended: what comes next, unless it is a retry, is of the next response. */
  toolEnded(): void
  /** The CLI says that it asks again. */
  retry(): void
  /** A turn begins: nothing of it has been said. */
  reset(): void
}

const maxTexts = 64
const maxKeyChars = 64 * 1024

/** See {@link RepeatFilter}. */
export function createRepeatFilter(): RepeatFilter {
  // The texts of the current response so far.
  let said: string[] = []
  // The texts of an interrupted response, which the retry may repeat.
  let expected: string[] = []
  let nextResponse = false

  function reset(): void {
    said = []
    expected = []
    nextResponse = false
  }

  return {
    reset,
    text(type, text) {
      const key = type === 'reasoning' || text.length > maxKeyChars ? keyOf(type, text) : text
      if (expected.length > 0) {
        const at = expected.indexOf(key)
        if (at >= 0) {
          expected.splice(at, 1)
          said.push(key)
          return true
        }
      }
      if (nextResponse) reset()
      if (said.length + expected.length < maxTexts) said.push(key)
      return false
    },
    toolEnded() {
      nextResponse = true
    },
    retry() {
      if (said.length === 0) return
      // Texts of earlier attempts that were not repeated yet may still follow.
      expected = expected.length === 0 ? said : [...expected, ...said]
      said = []
      nextResponse = false
    },
  }
}

/** The text under its type; of a very long one its length and both ends, so that the window stays small. */
function keyOf(type: string, text: string): string {
  const short = text.length <= maxKeyChars ? text : `${text.length}:${text.slice(0, 1000)}:${text.slice(-1000)}`
  return `${type}\0${short}`
}
