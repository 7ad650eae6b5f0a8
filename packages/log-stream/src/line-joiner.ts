import { LogStreamError } from './log-stream-error.ts'
import type { LineLimits } from './tracker.ts'

/** A whole line, or a part of one above the limit. */
export interface JoinedLine {
  text: string
  bytes: number
  part?: { index: number; last: boolean }
}

/** Where a UTF-8 text of `length` bytes can be cut at or before `limit` without splitting a character. */
function cutBefore(bytes: Buffer, limit: number): number {
  let at = limit
  for (let back = 0; back < 3 && at > 0 && ((bytes[at] ?? 0) & 0xc0) === 0x80; back++) at--
  // Four continuation bytes in a row are not valid UTF-8: cut at the limit.
  return at === 0 || ((bytes[at] ?? 0) & 0xc0) === 0x80 ? limit : at
}

/** Joins the pieces of one line; bytes stay bytes until the line (or a part at the limit) is whole. */
export class LineJoiner {
  readonly #limits: LineLimits
  #pieces: Buffer[] = []
  #size = 0
  #partIndex = 0

  constructor(limits: LineLimits) {
    this.#limits = limits
  }

  /** Whether a line is incomplete. */
  get open(): boolean {
    return this.#pieces.length > 0 || this.#partIndex > 0
  }

  /** Delivered parts of the incomplete line. */
  get parts(): number {
    return this.#partIndex
  }

  /** Adds a piece. Calls `onLine` for each full part, and for the line if `last` marks its end. */
  add(piece: Buffer, last: boolean, onLine: (line: JoinedLine) => void): void {
    const { maxLineBytes } = this.#limits
    if (last && !this.open && piece.length <= maxLineBytes) {
      onLine({ text: piece.toString('utf8'), bytes: piece.length })
      return
    }
    // The piece is a view into a chunk that will be reused: an incomplete line keeps its own copy.
    this.#pieces.push(last ? piece : Buffer.from(piece))
    this.#size += piece.length
    if (this.#size > maxLineBytes) this.#cut(last, onLine)
    if (!last) return
    const bytes = this.#pieces.length === 1 ? (this.#pieces[0] ?? piece) : Buffer.concat(this.#pieces, this.#size)
    const line: JoinedLine = { text: bytes.toString('utf8'), bytes: bytes.length }
    if (this.#partIndex > 0) line.part = { index: this.#partIndex, last: true }
    this.reset()
    onLine(line)
  }

  #cut(last: boolean, onLine: (line: JoinedLine) => void): void {
    const { maxLineBytes, longLines } = this.#limits
    if (longLines === 'refuse') {
      throw new LogStreamError(
        'line_too_long',
        `A line of the container has more than ${maxLineBytes} bytes, and \`longLines\` is 'refuse'. ` +
          `Resume at the last cursor with longLines 'parts' or a larger \`maxLineBytes\`.`,
      )
    }
    const all = Buffer.concat(this.#pieces, this.#size)
    let start = 0
    while (all.length - start > maxLineBytes) {
      const cut = start + cutBefore(all.subarray(start), maxLineBytes)
      const bytes = all.subarray(start, cut)
      onLine({ text: bytes.toString('utf8'), bytes: bytes.length, part: { index: this.#partIndex, last: false } })
      this.#partIndex++
      start = cut
    }
    const left = all.subarray(start)
    this.#pieces = [last ? left : Buffer.from(left)]
    this.#size = left.length
  }

  /** Drops the incomplete line and returns what was kept of it. */
  reset(): Buffer {
    const left = Buffer.concat(this.#pieces, this.#size)
    this.#pieces = []
    this.#size = 0
    this.#partIndex = 0
    return left
  }
}
