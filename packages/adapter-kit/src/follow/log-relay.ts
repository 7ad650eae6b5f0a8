import { createRedactor, type Redactor } from '@agent-jobs/primitives'

/** Sends one run's output to Paperclip's log, in chunks that Paperclip keeps whole. */
export interface LogRelay {
  /** Sends one line without its newline, or a part of a longer one; resolves when Paperclip has accepted it. */
  line(stream: 'stdout' | 'stderr', text: string, o?: { goesOn?: boolean }): Promise<void>
}

// Paperclip redacts each chunk with patterns whose time grows with the square, and worse, of the text between two breaks
// (docs/paperclip-facts.md#log-chunks): a chunk of ordinary text costs 0.2 ms, one full of the words that it looks for
// minutes. The smaller size keeps even those below 0.3 s.
const maxChunkChars = 8_000
const maxSuspectChars = 500
const unbroken = /[\w-]{200,}/g
const suspect = /authori[sz]ation|bearer|token|secret|passw|api[-_]?key|credential|cookie/i

function isHighSurrogate(code: number): boolean {
  return code >= 0xd8_00 && code <= 0xdb_ff
}

/** Cuts a text into pieces of at most `limit` UTF-16 units, never between the halves of a character. */
export function pieces(text: string, limit: number): string[] {
  const result: string[] = []
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + limit, text.length)
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1
    result.push(text.slice(from, to))
    from = to
  }
  return result.length === 0 ? [''] : result
}

/** The pieces in which Paperclip accepts a text without a break. */
function chunks(text: string, limit: number): string[] {
  return pieces(text, limit).flatMap((piece) =>
    piece.match(unbroken)?.some((run) => suspect.test(run)) ? pieces(piece, maxSuspectChars) : [piece],
  )
}

/**
 * Creates a relay. A line longer than a chunk goes in several chunks of which only the last ends with the newline, so that
 * readers that join chunks see the line as it was.
 */
export function logRelay(
  onLog: (stream: 'stdout' | 'stderr', chunk: string) => Promise<void>,
  { redactor = createRedactor({}), limit = maxChunkChars }: { redactor?: Redactor; limit?: number } = {},
): LogRelay {
  const redact = { stdout: redactor.stream(), stderr: redactor.stream() }
  return {
    async line(stream, text, { goesOn = false } = {}) {
      const safe = redact[stream](text, goesOn)
      // All of it may be the start of a secret.
      if (safe === '' && goesOn) return
      const parts = chunks(safe, limit)
      for (const [index, part] of parts.entries()) {
        await onLog(stream, goesOn || index < parts.length - 1 ? part : `${part}\n`)
      }
    },
  }
}
