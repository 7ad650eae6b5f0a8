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

/** A frame whose payload is `bytes[from, to)`. A reader of many frames saves the view that {@link ParsedFrame} has. */
export interface LocatedFrame extends Omit<Frame, 'payload'> {
  /** The bytes that were parsed. */
  readonly bytes: Buffer
  readonly from: number
  readonly to: number
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
// `@aj1 0 o 0 0 .`
const minFrameBytes = 14
// A number with more digits would not be exact.
const maxDigits = 15

/**
 * Parses one frame from `bytes[start, end)`, which must not contain a newline; null if it is not a frame. `end` defaults to
 * the end of `bytes`.
 */
export function parseFrame(bytes: Buffer, start = 0, end = bytes.length): ParsedFrame | null {
  const located = locateFrame(bytes, start, end)
  if (located === null) return null
  const { seq, stream, time, flag, from, to } = located
  return { seq, stream, time, payload: bytes.subarray(from, to), flag }
}

/** As {@link parseFrame}, without a view of the payload. */
export function locateFrame(bytes: Buffer, start: number, end: number): LocatedFrame | null {
  if (end - start < minFrameBytes || !startsWithMarker(bytes, start)) return null
  // Every line of a run passes here: the three numbers are read in place, each byte once.
  const seqAt = start + marker.length
  let at = seqAt
  let seq = 0
  for (; isDigit(bytes[at]); at++) seq = seq * 10 + digitOf(bytes[at])
  const stream = streamOf(bytes[at + 1])
  if (!endsNumber(bytes, seqAt, at) || stream === undefined || bytes[at + 2] !== space) return null
  const timeAt = at + 3
  let time = 0
  for (at = timeAt; isDigit(bytes[at]); at++) time = time * 10 + digitOf(bytes[at])
  if (!endsNumber(bytes, timeAt, at)) return null
  const lengthAt = at + 1
  let length = 0
  for (at = lengthAt; isDigit(bytes[at]); at++) length = length * 10 + digitOf(bytes[at])
  const flag = flagOf(bytes[end - 1])
  if (!endsNumber(bytes, lengthAt, at) || length > maxPayloadBytes || flag === undefined) return null
  // The length decides, never a search: a payload may contain anything but a newline.
  const from = at + 1
  const to = from + length
  return to + 1 === end ? { seq, stream, time, flag, bytes, from, to } : null
}

function startsWithMarker(bytes: Buffer, start: number): boolean {
  for (let i = 0; i < marker.length; i++) if (bytes[start + i] !== marker[i]) return false
  return true
}

function streamOf(byte: number | undefined): FrameStream | undefined {
  switch (byte) {
    case 0x6f:
      return 'o'
    case 0x65:
      return 'e'
    case 0x6c:
      return 'l'
    default:
      return undefined
  }
}

function flagOf(byte: number | undefined): FrameFlag | undefined {
  switch (byte) {
    case 0x2e:
      return '.'
    case 0x2b:
      return '+'
    case 0x24:
      return '$'
    default:
      return undefined
  }
}

const isDigit = (byte = 0): boolean => byte >= 0x30 && byte <= 0x39
const digitOf = (byte = 0x30): number => byte - 0x30

/** Whether `bytes[start, at)` are as many digits as an exact number may have, with a space behind them. */
function endsNumber(bytes: Buffer, start: number, at: number): boolean {
  return at > start && at - start <= maxDigits && bytes[at] === space
}
