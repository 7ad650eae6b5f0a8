import { locateFrame, type LocatedFrame } from '@agent-jobs/frames'
import { stampEnd } from './timestamp.ts'

/** One physical line that is not a frame. Longer texts are cut at 4,096 bytes. */
export interface StrayText {
  text: string
  /** The timestamp in front of it, or ''. */
  stamp: string
}

/** The content of one physical line of framed output. The frame refers to the bytes that were pushed. */
export type ScannedLine = LocatedFrame | StrayText

/** Whether a line is a frame. */
export function isFrame(line: ScannedLine): line is LocatedFrame {
  return 'seq' in line
}

// A frame has at most 8,192 bytes and a timestamp at most 36. Anything longer is not a frame and is not kept whole.
const maxPhysicalBytes = 8_192 + 64
const maxTextBytes = 4_096
const newline = 0x0a
const nothing = Buffer.alloc(0)

/**
 * Bytes in, physical lines out, with or without the kubelet's timestamp before each: {@link push} a chunk, then take its
 * lines with {@link next} until there are none. Pure: it never waits and keeps at most one incomplete line. Every line of a
 * run passes here, so nothing is created for a line but the frame itself.
 */
export class FrameScanner {
  #carry: Buffer[] = []
  #carried = 0
  #stamp: Buffer | undefined
  #chunk: Buffer = nothing
  #at = 0

  /** The timestamp prefix (with its space) of the first line of the last chunk that had one. */
  get stamp(): Buffer | undefined {
    return this.#stamp
  }

  /** Takes the next chunk, whose bytes are used until its last line was taken. */
  push(chunk: Uint8Array): void {
    this.#chunk = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#at = 0
    const start = this.#carried > 0 ? this.#chunk.indexOf(newline) + 1 : 0
    const behind = stampEnd(this.#chunk, start, this.#chunk.length)
    // A chunk without a newline continues a line, so it does not begin with a timestamp.
    if (behind >= 0 && (start > 0 || this.#carried === 0))
      this.#stamp = Buffer.from(this.#chunk.subarray(start, behind))
  }

  /** The next completed line; undefined when the chunk has no more. */
  next(): ScannedLine | undefined {
    const chunk = this.#chunk
    const start = this.#at
    const end = chunk.indexOf(newline, start)
    if (end < 0) {
      this.#keep(chunk.subarray(start))
      this.#chunk = nothing
      this.#at = 0
      return undefined
    }
    this.#at = end + 1
    if (this.#carried === 0) return scan(chunk, start, end)
    this.#keep(chunk.subarray(start, end))
    const line = this.rest()
    this.#carry = []
    this.#carried = 0
    return scan(line, 0, line.length)
  }

  /** The bytes after the last newline, an incomplete line. */
  rest(): Buffer {
    return Buffer.concat(this.#carry, this.#carried)
  }

  #keep(bytes: Buffer): void {
    // Whatever exceeds the longest frame is dropped up to the newline; the beginning is enough for a diagnostic.
    const room = maxPhysicalBytes + 1 - this.#carried
    if (room <= 0 || bytes.length === 0) return
    const piece = Buffer.from(bytes.length > room ? bytes.subarray(0, room) : bytes)
    this.#carry.push(piece)
    this.#carried += piece.length
  }
}

function scan(bytes: Buffer, start: number, end: number): ScannedLine {
  const behind = stampEnd(bytes, start, end)
  const from = behind < 0 ? start : behind
  return (
    locateFrame(bytes, from, end) ?? {
      text: bytes.toString('utf8', from, Math.min(end, from + maxTextBytes)),
      stamp: behind < 0 ? '' : bytes.toString('latin1', start, behind - 1),
    }
  )
}
