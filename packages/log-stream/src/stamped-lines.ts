import { LineHash } from './line-hash.ts'
import { parseStamp, stampEnd } from './timestamp.ts'

/** One physical line of plain output, or as much of it as is known. */
export interface StampedLine {
  /** Nanoseconds since the epoch; null when the line has no timestamp. */
  ns: bigint | null
  /** The line without timestamp and newline: a view into the chunk, copy it to keep it. */
  bytes: Buffer
  high: number
  low: number
}

/** Splits the bytes of one connection into physical lines with time and hash. */
export class StampedLines {
  readonly #hash = new LineHash()
  #carry: Buffer[] = []
  #carried = 0

  push(chunk: Uint8Array, onLine: (line: StampedLine) => void): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    if (this.#carried > 0) {
      const newline = bytes.indexOf(0x0a)
      if (newline < 0) {
        this.#keep(bytes)
        return
      }
      this.#keep(bytes.subarray(0, newline))
      const line = this.take()
      onLine(this.parse(line, 0, line.length))
      start = newline + 1
    }
    for (;;) {
      const newline = bytes.indexOf(0x0a, start)
      if (newline < 0) break
      onLine(this.parse(bytes, start, newline))
      start = newline + 1
    }
    this.#keep(bytes.subarray(start))
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#carry.push(Buffer.from(bytes))
    this.#carried += bytes.length
  }

  /** What stands behind the last newline. */
  take(): Buffer {
    const rest = Buffer.concat(this.#carry, this.#carried)
    this.#carry = []
    this.#carried = 0
    return rest
  }

  parse(bytes: Buffer, start: number, end: number): StampedLine {
    const behind = stampEnd(bytes, start, end)
    const ns = behind < 0 ? null : parseStamp(bytes, start, behind)
    const from = ns === null ? start : behind
    this.#hash.add(bytes, from, end)
    const [high, low] = this.#hash.finish()
    return { ns, bytes: bytes.subarray(from, end), high, low }
  }
}
