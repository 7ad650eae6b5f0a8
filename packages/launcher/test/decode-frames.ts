import type { EndRecord, FrameFlag, FrameStream, LauncherRecord } from '@agent-jobs/frames'

/** A frame as the tests read it back. */
export interface DecodedFrame {
  seq: number
  stream: FrameStream
  time: number
  payload: Buffer
  flag: FrameFlag
}

const header = /^@aj1 (\d+) ([oel]) (\d+) (\d+) /

/** Parses frames by the documented format alone; everything else is a diagnostic. */
export function decodeFrames(raw: Buffer): { frames: DecodedFrame[]; diagnostics: string[] } {
  const frames: DecodedFrame[] = []
  const diagnostics: string[] = []
  for (let start = 0; start < raw.length;) {
    const newline = raw.indexOf(10, start)
    const stop = newline < 0 ? raw.length : newline
    const line = raw.subarray(start, stop)
    start = stop + 1
    const match = header.exec(line.subarray(0, 60).toString('latin1'))
    const [head = '', seq, stream, time, length] = match ?? []
    const payload = line.subarray(head.length, head.length + Number(length))
    const flag = line.subarray(head.length + Number(length)).toString('latin1')
    if (match === null || newline < 0 || line.length + 1 > 8192 || !['.', '+', '$'].includes(flag)) {
      diagnostics.push(line.toString())
      continue
    }
    const decoded = { seq: Number(seq), stream: stream as FrameStream, time: Number(time), payload }
    frames.push({ ...decoded, flag: flag as FrameFlag })
  }
  return { frames, diagnostics }
}

/** The bytes of a stream's frames. */
export function joinStream(frames: DecodedFrame[], stream: FrameStream): Buffer {
  const parts = frames
    .filter((frame) => frame.stream === stream)
    .flatMap(({ payload, flag }) => (flag === '.' ? [payload, Buffer.from('\n')] : [payload]))
  return Buffer.concat(parts)
}

/** The launcher's own records. */
export function recordsOf(frames: DecodedFrame[]): LauncherRecord[] {
  return frames
    .filter(({ stream }) => stream === 'l')
    .map(({ payload }) => JSON.parse(payload.toString()) as LauncherRecord)
}

/** The end record; throws when the last frame is not one. */
export function endOf(frames: DecodedFrame[]): EndRecord {
  const last = recordsOf(frames.slice(-1))[0]
  if (last?.type !== 'end') throw new Error('the last frame is not an end record')
  return last
}
