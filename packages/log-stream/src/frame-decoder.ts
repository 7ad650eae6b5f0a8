import { parseFrame, type ParsedFrame } from '@agent-jobs/frames'
import { stampEnd } from './timestamp.ts'

/** The content of one physical line of framed output. */
export type FrameEntry =
  | { kind: 'frame'; frame: ParsedFrame }
  /** Not a frame. Longer texts are cut at 4,096 bytes. */
  | { kind: 'text'; text: string; /** The timestamp in front of it, or ''. */ stamp: string }

/** Bytes in, frames out. Pure: it never waits and keeps at most one incomplete line. */
export interface FrameDecoder {
  /** Takes the next bytes and returns the completed entries. Payloads are views: use them before the next call. */
  push(chunk: Uint8Array): FrameEntry[]
  /** The bytes after the last newline, an incomplete line. */
  rest(): Buffer
  /** The timestamp prefix (with its space) of the first line of the last chunk that had one. */
  readonly stamp: Buffer | undefined
}

// A frame has at most 8,192 bytes and a timestamp at most 36. Anything longer is not a frame and is not kept whole.
const maxPhysicalBytes = 8_192 + 64
const maxTextBytes = 4_096

/**
 * Decodes frame format v1, with or without the kubelet's timestamp before each line.
 *
 * @example
 * const decoder = createFrameDecoder()
 * for (const entry of decoder.push(bytes)) if (entry.kind === 'frame') console.log(entry.frame.seq)
 */
export function createFrameDecoder(): FrameDecoder {
  let carry: Buffer[] = []
  let carried = 0
  let stamp: Buffer | undefined

  const keep = (bytes: Buffer): void => {
    // Whatever exceeds the longest frame is dropped up to the newline; the beginning is enough for a diagnostic.
    const room = maxPhysicalBytes + 1 - carried
    if (room <= 0 || bytes.length === 0) return
    const piece = Buffer.from(bytes.length > room ? bytes.subarray(0, room) : bytes)
    carry.push(piece)
    carried += piece.length
  }

  const decode = (bytes: Buffer, start: number, end: number): FrameEntry => {
    const behind = stampEnd(bytes, start, end)
    const frame = parseFrame(bytes, behind < 0 ? start : behind, end)
    if (frame !== null) return { kind: 'frame', frame }
    const from = behind < 0 ? start : behind
    return {
      kind: 'text',
      text: bytes.toString('utf8', from, Math.min(end, from + maxTextBytes)),
      stamp: behind < 0 ? '' : bytes.toString('latin1', start, behind - 1),
    }
  }

  return {
    push(chunk) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      const entries: FrameEntry[] = []
      let start = 0
      if (carried > 0) {
        const newline = bytes.indexOf(0x0a)
        if (newline < 0) {
          keep(bytes)
          return entries
        }
        keep(bytes.subarray(0, newline))
        const line = Buffer.concat(carry, carried)
        carry = []
        carried = 0
        entries.push(decode(line, 0, line.length))
        start = newline + 1
      }
      const behind = stampEnd(bytes, start, bytes.length)
      if (behind >= 0) stamp = Buffer.from(bytes.subarray(start, behind))
      for (;;) {
        const newline = bytes.indexOf(0x0a, start)
        if (newline < 0) break
        entries.push(decode(bytes, start, newline))
        start = newline + 1
      }
      keep(bytes.subarray(start))
      return entries
    },
    rest: () => Buffer.concat(carry, carried),
    get stamp() {
      return stamp
    },
  }
}
