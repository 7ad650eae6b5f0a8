/**
 * The frame format, version 1: what the launcher writes to the container's stdout and to the journal.
 *
 * One physical line per frame, at most 8,192 bytes with its newline:
 *
 * ```text
 * @aj1 <seq> <stream> <ms> <len> <payload><flag>\n
 * ```
 *
 * - `seq`: decimal, from 0, one more for each frame, whatever its stream. A missing number is a lost frame.
 * - `stream`: `o` standard output, `e` standard error, `l` a record of the launcher itself (JSON).
 * - `ms`: the launcher's wall clock when it read the bytes, milliseconds since the epoch.
 * - `len`: length of the payload in bytes, 0 to 8,000. The payload holds no newline; everything else (NUL, `\r`,
 *   invalid UTF-8) stands in it as the command wrote it.
 * - `flag`: `.` the line ends here with a newline · `+` the line goes on in the next frame of the same stream ·
 *   `$` the stream ended here without a newline.
 *
 * The flag comes after the payload so that a `\r` at the end of a line is never next to the newline: runtimes drop
 * the `\r` of `\r\n` (KUBERNETES B.1). 8,192 bytes keep a frame below every runtime's own splitting (8 and 16 KiB).
 * Text on the container's output that is not such a frame is a diagnostic (of the kubelet, or of node), not a line.
 */
export const frameMagic = '@aj1'

/** Largest payload of one frame, in bytes. A longer line is written in parts. */
export const maxPayloadBytes = 8000

/** Largest frame, in bytes, with its newline. */
export const maxFrameBytes = 8192

/** Where a frame's payload comes from: standard output, standard error, or the launcher itself. */
export type FrameStream = 'o' | 'e' | 'l'

/** How a payload ends: `.` with a newline, `+` in the next frame of the same stream, `$` with the stream. */
export type FrameFlag = '.' | '+' | '$'

/** One frame before it is encoded. */
export interface Frame {
  seq: number
  stream: FrameStream
  /** Wall clock, milliseconds since the epoch. */
  time: number
  payload: Uint8Array
  flag: FrameFlag
}

/**
 * Encodes one frame as the physical line that carries it.
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
  frame[frame.length - 1] = 10
  return frame
}
