import type { LauncherRecord } from '@agent-jobs/frames'

/** Position of a follower of framed output: every frame below `next` was delivered, except for incomplete lines. */
export interface LauncherCursor {
  version: 1
  framing: 'launcher'
  /** The lowest frame number not delivered yet. */
  next: number
  /** The first frame of an incomplete line, by stream. */
  open?: { stdout?: number; stderr?: number }
  /** Whole second (RFC 3339) from which to request the log. */
  since?: string
  /** Frames lost so far. */
  lost?: number
  /** The latest gaps, as frame numbers (inclusive): whatever arrives of them later is delivered. */
  holes?: [from: number, to: number][]
}

/** Position of a follower of plain output: the last line that was delivered. */
export interface StampCursor {
  version: 1
  framing: 'none'
  /** Lines delivered so far. */
  seq: number
  /** The last line: its timestamp in nanoseconds since the epoch, and the hash of its bytes. */
  last?: [ns: string, hash: string]
  /** How many lines with the same timestamp as `last` were delivered before it. */
  before?: number
  /** The highest timestamp seen, in nanoseconds, if it is not that of `last`. */
  high?: string
  /** Gaps found so far. */
  lost?: number
}

/** Plain JSON. Store it together with the result of processing the line, and any process can continue from there. */
export type LogCursor = LauncherCursor | StampCursor

/** Why lines are missing. */
export type GapReason =
  /** Frame numbers are missing in the log, and no journal is configured. */
  | 'missing_frames'
  /** Frame numbers are missing in the log and in the journal. */
  | 'journal_incomplete'
  /** Something is missing, and every read of the whole file broke before that place. */
  | 'reread_failed'
  /** Nothing that was delivered before is in the log any more: it was rotated away. */
  | 'no_overlap'

/** One line, whole (or one part of a line above `maxLineBytes`). */
export interface LogLine {
  type: 'line'
  /** `stdout` for plain containers: the log server mixes both streams and does not tell them apart. */
  stream: 'stdout' | 'stderr'
  text: string
  /** Length in bytes, without the newline. */
  bytes: number
  /** Framed: number of the line's last frame. Plain: number of the line, from 0. */
  seq: number
  /** Milliseconds since the epoch, by the clock of the pod's node. */
  time: number
  cursor: LogCursor
  /** Present on each part of a line above `maxLineBytes`. A cursor between parts points to part 0. */
  part?: { index: number; last: boolean }
  /** The output ended here without a newline. */
  unterminated?: true
  /** The first line of its stream after a gap: its beginning may be in the gap. */
  headMayBeMissing?: true
  /** It belongs to a gap that was given up before, and follows lines that were printed after it. */
  late?: true
  /** Another line with its frame number was delivered before: two programs write frames, and one is not the launcher. */
  contested?: true
}

/** Lost lines, with their known bounds. */
export interface LogGap {
  type: 'gap'
  /** What `from` and `to` count: frame numbers (inclusive), or milliseconds of the lines around the gap. */
  unit: 'frames' | 'time'
  from: number
  to: number
  reason: GapReason
  cursor: LogCursor
}

/** Something that is not a line of the container, but may explain what happens. */
export interface LogDiagnostic {
  type: 'diagnostic'
  code: DiagnosticCode
  text: string
}

/** Stable codes of diagnostics. */
export type DiagnosticCode =
  /** Container output that is not a frame: for example, a crash of the launcher. */
  | 'not_a_frame'
  /** Something besides the launcher writes frames in the container; reported once, with what showed it. */
  | 'frames_contested'
  /** A line with lost parts; `text` is what is left of it. */
  | 'broken_line'
  /** The end of a line whose beginning the server left out. */
  | 'headless_fragment'
  /** An error message of the kubelet or the runtime, sent with status 200. */
  | 'kubelet_text'
  /** The node has no inotify instance left; reading continues by polling. */
  | 'too_many_open_files'
  /** The server refused or failed a request; reading is retried. */
  | 'request_failed'
  /** The connection broke; reading is resumed. */
  | 'connection_lost'
  /** The stream was silent although newer lines exist; a new connection replaces it. */
  | 'stalled'
  /** Lines arrived with older timestamps and new content: the node's clock went back. */
  | 'clock_stepped_back'
  /** The same file was sent again within one connection; its lines were skipped. */
  | 'file_repeated'
  /** The spool is full or cannot be written: reading waits for the consumer. */
  | 'spool_full'
  /** The journal could not be read. */
  | 'journal_failed'
  /** The last read after the container's end failed. */
  | 'drain_failed'

/** A record of the launcher itself: start, notice or end. */
export interface LogRecord {
  type: 'record'
  record: LauncherRecord
  seq: number
  time: number
  cursor: LogCursor
}

/**
 * Whether the output is complete: `complete` when the end record arrived and every number was there, `lost` when there was
 * a gap, `unverified` when nothing is known to be missing but nothing proves completeness.
 */
export type Verdict = 'complete' | 'unverified' | 'lost'

/**
 * How the framed output ended: `proved` when an end record is the last frame, its count is right and nothing contradicts
 * the numbers; `contested` when it is the last frame of an output that more than one program wrote; `missing` otherwise,
 * and always for plain output.
 */
export type Ending = 'proved' | 'contested' | 'missing'

/** The last item. */
export interface LogEnd {
  type: 'end'
  verdict: Verdict
  ending: Ending
  cursor: LogCursor
}

/** The items a follower yields. */
export type LogItem = LogLine | LogGap | LogDiagnostic | LogRecord | LogEnd
