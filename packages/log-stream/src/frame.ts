/** Which channel a frame belongs to: `o` stdout, `e` stderr, `l` the launcher itself. */
export type FrameStream = 'o' | 'e' | 'l'

/** How a frame ends: `.` with the newline of the original, `+` the line goes on, `$` the stream ended without newline. */
export type FrameFlag = '.' | '+' | '$'

/** One frame of format v1: `@aj1 <seq> <stream> <ms> <len> <payload><flag>`, newline not included. */
export interface Frame {
  seq: number
  stream: FrameStream
  /** The launcher's wall clock, milliseconds since the epoch. */
  ms: number
  /** A view into the bytes that were parsed: copy it to keep it. */
  payload: Buffer
  flag: FrameFlag
}

/** The launcher's first word. */
export interface StartRecord {
  type: 'start'
  version: 1
  pid: number
  startedAt: number
}
/** Something the launcher wants known while the command runs. */
export interface NoticeRecord {
  type: 'notice'
  code: string
  message: string
}
/** The launcher's last word: how the command ended, and how many frames came before this one. */
export interface EndRecord {
  type: 'end'
  frames: number
  exitCode: number | null
  signal: string | null
  durationMs: number
  stoppedBy: string | null
  stdoutBytes: number
  stderrBytes: number
  /** How many processes of the container were killed for memory meanwhile, where there were any. */
  oomKills?: number
  startError?: { code: string; message: string }
}
/** The payload of a frame of stream `l`. */
export type LauncherRecord = StartRecord | NoticeRecord | EndRecord

const space = 0x20
const marker = Buffer.from('@aj1 ')
const streams: Record<number, FrameStream> = { 0x6f: 'o', 0x65: 'e', 0x6c: 'l' }
const flags: Record<number, FrameFlag> = { 0x2e: '.', 0x2b: '+', 0x24: '$' }

/** Reads one frame from `bytes[start, end)`, which holds no newline, or says null when it is none. */
export function parseFrame(bytes: Buffer, start: number, end: number): Frame | null {
  // 15 bytes is the shortest frame: `@aj1 0 o 0 0 .`
  if (end - start < 14 || bytes[start] !== 0x40) return null
  for (let i = 1; i < 5; i++) if (bytes[start + i] !== marker[i]) return null
  let at = start + 5
  const fields = [0, 0, 0]
  let stream: FrameStream | undefined
  for (let field = 0; field < 4; field++) {
    if (field === 1) {
      stream = streams[bytes[at] ?? 0]
      if (stream === undefined || bytes[at + 1] !== space) return null
      at += 2
      continue
    }
    let value = 0
    const first = at
    for (; at < end; at++) {
      const digit = (bytes[at] ?? 0) - 0x30
      if (digit < 0 || digit > 9) break
      value = value * 10 + digit
    }
    if (at === first || at - first > 15 || bytes[at] !== space) return null
    fields[field === 0 ? 0 : field - 1] = value
    at++
  }
  const [seq = 0, ms = 0, length = 0] = fields
  const flag = flags[bytes[end - 1] ?? 0]
  // The length decides, never a search: a payload may hold anything but a newline.
  if (stream === undefined || flag === undefined || at + length + 1 !== end) return null
  return { seq, stream, ms, payload: bytes.subarray(at, at + length), flag }
}

/** Reads the payload of a launcher's own frame, or says null when it is not one of the known records. */
export function parseRecord(payload: Buffer): LauncherRecord | null {
  let value: unknown
  try {
    value = JSON.parse(payload.toString('utf8'))
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return null
  if (value.type === 'start' || value.type === 'notice') return value as LauncherRecord
  if (value.type === 'end' && 'frames' in value && typeof value.frames === 'number') return value as LauncherRecord
  return null
}
