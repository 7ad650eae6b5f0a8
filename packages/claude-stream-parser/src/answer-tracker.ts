import { bounded } from '@agent-jobs/stream-parser-core'

/** Follows what the agent itself says, message by message. */
export interface AnswerTracker {
  /** The texts of one line. A message is several lines with one id, one for each block. */
  add(messageId: string | null, texts: readonly string[]): void
  /** The whole text of the last message that has text; null when none has. */
  readonly text: string | null
  /** A turn begins: what was said before is not its answer. */
  turn(): void
  /** The same, of the messages since the turn began. */
  readonly turnText: string | null
}

/** Makes a tracker that keeps at most `maxChars` of a message. */
export function createAnswerTracker(maxChars: number): AnswerTracker {
  let id: string | null = null
  let parts: string[] = []
  let chars = 0
  let said: string | null = null
  let saidInTurn = false

  function whole(): string | null {
    if (parts.length > 1) parts = [parts.join('')]
    return parts[0] ?? said
  }

  return {
    add(messageId, texts) {
      const text = texts.join('')
      if (text === '') return
      if (messageId === null || messageId !== id || !saidInTurn) {
        parts = []
        chars = 0
      }
      id = messageId
      saidInTurn = true
      const room = maxChars - chars
      if (room <= 0) return
      parts.push(bounded(text, room))
      chars += Math.min(text.length, room)
    },
    get text() {
      said = whole()
      return said
    },
    turn() {
      said = whole()
      saidInTurn = false
    },
    get turnText() {
      return saidInTurn ? whole() : null
    },
  }
}
