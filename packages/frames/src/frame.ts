/** The token at the start of every frame of format version 1. */
export const frameMagic = '@aj1'

/** Largest payload of one frame, in bytes. A longer line is written in parts. */
export const maxPayloadBytes = 8000

/** Largest frame, in bytes, with its newline. */
export const maxFrameBytes = 8192

/** Where a payload comes from: `o` standard output, `e` standard error, `l` the launcher itself (a JSON record). */
export type FrameStream = 'o' | 'e' | 'l'

/** How a payload ends: `.` with a newline, `+` in the next frame of the same stream, `$` with the stream. */
export type FrameFlag = '.' | '+' | '$'

/** One frame. The format is described in the README. */
export interface Frame {
  /** From 0, one more for each frame whatever its stream. A missing number is a lost frame. */
  readonly seq: number
  readonly stream: FrameStream
  /** The launcher's wall clock, milliseconds since the epoch. */
  readonly time: number
  /** 0 to {@link maxPayloadBytes} bytes without a newline. */
  readonly payload: Uint8Array
  readonly flag: FrameFlag
}

/** A parsed frame. */
export interface ParsedFrame extends Frame {
  /** A view into the bytes that were parsed: copy it to keep it. */
  readonly payload: Buffer
}

/**
 * Encodes one frame as the physical line that carries it. Throws a `RangeError` for a payload above
 * {@link maxPayloadBytes}.
 *
 * @example
 * ```ts
 * encodeFrame({ seq: 1, stream: 'o', time: 1700000000000, payload: Buffer.from('hello'), flag: '.' })
 * // '@aj1 1 o 1700000000000 5 hello.\n'
 * ```
 */
export function encodeFrame({ seq, stream, time, payload, flag }: Frame): Buffer {
  const length = payload.length
  if (length > maxPayloadBytes) {
    throw new RangeError(`Expected a payload of at most ${maxPayloadBytes} bytes, got ${length}`)
  }
  const head = `${frameMagic} ${seq} ${stream} ${time} ${length} `
  const frame = Buffer.allocUnsafe(head.length + length + 2)
  frame.write(head, 0, 'latin1')
  frame.set(payload, head.length)
  frame[frame.length - 2] = flag.charCodeAt(0)
  frame[frame.length - 1] = newline
  return frame
}

const newline = 0x0a
const space = 0x20
const marker = Buffer.from(`${frameMagic} `)
const streams: Readonly<Record<number, FrameStream>> = { 0x6f: 'o', 0x65: 'e', 0x6c: 'l' }
const flags: Readonly<Record<number, FrameFlag>> = { 0x2e: '.', 0x2b: '+', 0x24: '$' }
// `@aj1 0 o 0 0 .`
const minFrameBytes = 14
// A number with more digits would not be exact.
const maxDigits = 15

/**
 * Parses one frame from `bytes[start, end)`, which must not contain a newline; null if it is not a frame. `end` defaults to
 * the end of `bytes`.
 */
export function parseFrame(bytes: Buffer, start = 0, end = bytes.length): ParsedFrame | null {
  if (end - start < minFrameBytes || !startsWithMarker(bytes, start)) return null
  const seq = readNumber(bytes, start + marker.length, end)
  const stream = streams[bytes[seq.next] ?? 0]
  if (seq.value < 0 || stream === undefined || bytes[seq.next + 1] !== space) return null
  const time = readNumber(bytes, seq.next + 2, end)
  const length = readNumber(bytes, time.next, end)
  const flag = flags[bytes[end - 1] ?? 0]
  if (time.value < 0 || length.value < 0 || length.value > maxPayloadBytes || flag === undefined) return null
  // The length decides, never a search: a payload may contain anything but a newline.
  const from = length.next
  const to = from + length.value
  return to + 1 === end ? { seq: seq.value, stream, time: time.value, payload: bytes.subarray(from, to), flag } : null
}

function startsWithMarker(bytes: Buffer, start: number): boolean {
  for (let i = 0; i < marker.length; i++) if (bytes[start + i] !== marker[i]) return false
  return true
}

/** Parses a decimal number and the space after it; the value is -1 when they are missing. */
function readNumber(bytes: Buffer, start: number, end: number): { value: number; next: number } {
  let value = 0
  let at = start
  for (; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  const digits = at - start
  return digits > 0 && digits <= maxDigits && bytes[at] === space ? { value, next: at + 1 } : { value: -1, next: end }
}
