import { bounded } from '@agent-jobs/stream-parser-core'

/** Keeps the whole text of the last message that has text. */
export interface AnswerRecord {
  /** A text part of a message. A part that comes again replaces itself. */
  part(messageId: string | null, partId: string | null, text: string): void
  /** The text before it was not an answer. */
  clear(): void
  readonly text: string | null
}

const maxIdChars = 500
const maxParts = 1000

/** Makes a record that keeps at most `maxChars`. */
export function createAnswerRecord(maxChars: number): AnswerRecord {
  let message: string | null = null
  const parts = new Map<string, string>()
  let chars = 0
  let isSaid = false

  function start(id: string | null): void {
    if (parts.size > 0) parts.clear()
    chars = 0
    message = id === null ? null : bounded(id, maxIdChars)
  }

  return {
    part(messageId, partId, text) {
      if (text === '' && isSaid) return
      if (messageId === null || messageId !== message) start(messageId)
      isSaid = true
      const key = partId === null ? `#${parts.size}` : bounded(partId, maxIdChars)
      const before = parts.get(key)
      if (before === undefined && parts.size >= maxParts) return
      const others = chars - (before?.length ?? 0)
      const kept = bounded(text, Math.max(0, maxChars - others))
      parts.set(key, kept)
      chars = others + kept.length
    },
    clear() {
      start(null)
      isSaid = false
    },
    get text() {
      return isSaid ? bounded([...parts.values()].filter((text) => text !== '').join('\n\n'), maxChars) : null
    },
  }
}
