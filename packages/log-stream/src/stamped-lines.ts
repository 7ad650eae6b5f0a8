import { LineHash } from './line-hash.ts'
import { StampReader, stampEnd } from './timestamp.ts'

/** One physical line of plain output. */
export interface StampedLine {
  /** Nanoseconds since the epoch; null when the line has no timestamp. */
  ns: bigint | null
  /** The line without timestamp and newline: a view into the chunk, copy it to keep it. */
  bytes: Buffer
  high: number
  low: number
  /** The output ended after it, without a newline. */
  unterminated?: true
}

/** A line with a timestamp. */
export interface TimedLine extends StampedLine {
  ns: bigint
}

export function hasTime<Line extends StampedLine>(line: Line): line is Line & TimedLine {
  return line.ns !== null
}

/** A piece of a line that is too long to be kept whole. Its hash, over all of it, is final with the last piece. */
export interface StampedPiece extends StampedLine {
  first: boolean
  last: boolean
}

/** Receives what the splitter finds. */
export interface LineHandler {
  line(line: StampedLine): void
  piece(piece: StampedPiece): void
}

const maxStampBytes = 36

/** Splits the bytes of one connection into physical lines with time and hash; keeps at most one line of the limit. */
export class StampedLines {
  readonly #maxLineBytes: number
  readonly #handler: LineHandler
  readonly #hash = new LineHash()
  readonly #stamps = new StampReader()
  #carry: Buffer[] = []
  #carried = 0
  #long: { ns: bigint | null } | undefined

  constructor(maxLineBytes: number, handler: LineHandler) {
    this.#maxLineBytes = maxLineBytes
    this.#handler = handler
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    if (this.#carried > 0 || this.#long !== undefined) {
      const newline = bytes.indexOf(0x0a)
      if (newline < 0) {
        this.#keep(bytes)
        return
      }
      if (this.#long === undefined) {
        this.#keep(bytes.subarray(0, newline))
        this.#whole()
      } else this.#piece(bytes.subarray(0, newline), true)
      start = newline + 1
    }
    for (;;) {
      const newline = bytes.indexOf(0x0a, start)
      if (newline < 0) break
      this.#handler.line(this.#parse(bytes, start, newline))
      start = newline + 1
    }
    this.#keep(bytes.subarray(start))
  }

  #whole(): void {
    // Keeping the last piece may have started a long line.
    if (this.#long !== undefined) {
      this.#piece(Buffer.alloc(0), true)
      return
    }
    const line = this.#take()
    this.#handler.line(this.#parse(line, 0, line.length))
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.#long !== undefined) {
      this.#piece(bytes, false)
      return
    }
    this.#carry.push(Buffer.from(bytes))
    this.#carried += bytes.length
    if (this.#carried <= this.#maxLineBytes + maxStampBytes) return
    const begun = this.#take()
    const behind = stampEnd(begun, 0, begun.length)
    const ns = behind < 0 ? null : this.#stamps.read(begun, 0, behind)
    this.#long = { ns }
    this.#piece(ns === null ? begun : begun.subarray(behind), false, true)
  }

  #piece(bytes: Buffer, last: boolean, first = false): void {
    this.#handler.piece(this.#nextPiece(bytes, last, first))
  }

  #nextPiece(bytes: Buffer, last: boolean, first = false): StampedPiece {
    const ns = this.#long?.ns ?? null
    this.#hash.add(bytes, 0, bytes.length)
    const [high, low] = last ? this.#hash.finish() : [0, 0]
    if (last) this.#long = undefined
    return { ns, bytes, high, low, first, last }
  }

  /** The bytes after the last newline, unless they are a long line. */
  rest(): Buffer {
    return this.#long === undefined ? Buffer.concat(this.#carry, this.#carried) : Buffer.alloc(0)
  }

  /** The bytes after the last newline, as the line that they would be. */
  peek(): { ns: bigint | null; bytes: Buffer } {
    const rest = this.rest()
    const behind = stampEnd(rest, 0, rest.length)
    if (behind < 0) return { ns: null, bytes: rest }
    return { ns: this.#stamps.read(rest, 0, behind), bytes: rest.subarray(behind) }
  }

  /** The output ended: the bytes after the last newline are a line. Returns it if it has no timestamp. */
  finish(): Buffer {
    if (this.#long !== undefined) {
      this.#handler.piece({ ...this.#nextPiece(Buffer.alloc(0), true), unterminated: true })
      return Buffer.alloc(0)
    }
    const rest = this.#take()
    if (stampEnd(rest, 0, rest.length) < 0) return rest
    this.#handler.line({ ...this.#parse(rest, 0, rest.length), unterminated: true })
    return Buffer.alloc(0)
  }

  #take(): Buffer {
    const rest = this.rest()
    this.#carry = []
    this.#carried = 0
    return rest
  }

  #parse(bytes: Buffer, start: number, end: number): StampedLine {
    const behind = stampEnd(bytes, start, end)
    const ns = behind < 0 ? null : this.#stamps.read(bytes, start, behind)
    const from = ns === null ? start : behind
    this.#hash.add(bytes, from, end)
    const [high, low] = this.#hash.finish()
    return { ns, bytes: bytes.subarray(from, end), high, low }
  }
}
