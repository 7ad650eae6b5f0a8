import { bounded } from '@agent-jobs/stream-parser-core'

/** Keeps the whole text of the last message that has text. */
export interface AnswerRecord {
  /** A text part of a message. A part that comes again replaces itself. */
  part(messageId: string | null, partId: string | null, text: string): void
  /** What stood before was no answer. */
  clear(): void
  readonly text: string | null
}

const maxIdChars = 500
const maxParts = 1000

/** Makes a record that keeps at most `maxChars`. */
export function createAnswerRecord(maxChars: number): AnswerRecord {
  let message: string | null = null
  const parts = new Map<string, string>()
  let isSaid = false

  return {
    part(messageId, partId, text) {
      if (text === '' && isSaid) return
      const id = messageId === null ? null : bounded(messageId, maxIdChars)
      if (id === null || id !== message) parts.clear()
      message = id
      isSaid = true
      const key = partId === null ? `#${parts.size}` : bounded(partId, maxIdChars)
      const others = [...parts].reduce((sum, [other, { length }]) => sum + (other === key ? 0 : length), 0)
      if (parts.has(key) || parts.size < maxParts) parts.set(key, bounded(text, Math.max(0, maxChars - others)))
    },
    clear() {
      parts.clear()
      message = null
      isSaid = false
    },
    get text() {
      return isSaid ? bounded([...parts.values()].filter((text) => text !== '').join('\n\n'), maxChars) : null
    },
  }
}
