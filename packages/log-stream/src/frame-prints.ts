import { randomBytes } from 'node:crypto'
import type { LocatedFrame } from '@agent-jobs/frames'

// Capacities are powers of two.
const firstCapacity = 64
const maxSpans = 8
// 1 MiB, which is more frames than one log file of the kubelet (10 MiB) usually holds.
const maxCapacity = 262_144
const samples = 16

/** Prints of consecutive numbers; the oldest are overwritten when it is full. */
interface Span {
  readonly from: number
  /** Exclusive. */
  to: number
  prints: Uint32Array
}

const byteAt = (bytes: Buffer, at: number, end: number): number => (at < end ? (bytes[at] ?? 0) : 0)

/**
 * Hashes of the recent frames, 32 bits each, to tell a repetition from another frame with the same number. Not every
 * byte of a long payload counts, and which ones do is random per follower, so that it cannot be exploited.
 */
export class FramePrints {
  readonly #key = randomBytes(4).readUInt32LE()
  /** Runs of consecutive numbers, in order. */
  readonly #spans: Span[] = []

  /** Never 0. */
  of({ time, stream, flag, bytes, from, to }: LocatedFrame): number {
    const length = to - from
    let print = this.#key ^ (time | 0) ^ Math.imul(length, 0x9e3779b1)
    print = Math.imul(print ^ stream.charCodeAt(0) ^ (flag.charCodeAt(0) << 8), 0x85ebca6b)
    const step = Math.max(1, Math.ceil(length / samples))
    let at = from + (this.#key % step)
    for (let taken = 0; taken < samples && at < to; taken += 4, at += 4 * step) {
      print = Math.imul(print ^ byteAt(bytes, at, to) ^ (byteAt(bytes, at + step, to) << 8), 0x01000193)
      print ^= (byteAt(bytes, at + 2 * step, to) << 16) ^ (byteAt(bytes, at + 3 * step, to) << 24)
    }
    print = Math.imul(print, 0x01000193)
    return (print ^ (print >>> 15)) >>> 0 || 1
  }

  /** Remembers the frame with the number `seq`, the highest so far. */
  add(seq: number, print: number): void {
    let span = this.#spans.at(-1)
    if (span === undefined || span.to !== seq) {
      span = { from: seq, to: seq, prints: new Uint32Array(firstCapacity) }
      this.#spans.push(span)
      if (this.#spans.length > maxSpans) this.#spans.shift()
    }
    const { length } = span.prints
    // Growing happens before the first number wraps around, so that each keeps its place.
    if (seq - span.from === length && length < maxCapacity) {
      const grown = new Uint32Array(length * 8)
      grown.set(span.prints)
      span.prints = grown
    }
    span.prints[(seq - span.from) & (span.prints.length - 1)] = print
    span.to = seq + 1
  }

  /** The print of a number; 0 if unknown. */
  get(seq: number): number {
    const span = this.#spans.findLast(({ from, to }) => seq >= from && seq < to)
    if (span === undefined || span.to - seq > span.prints.length) return 0
    return span.prints[(seq - span.from) & (span.prints.length - 1)] ?? 0
  }
}
