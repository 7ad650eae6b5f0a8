import type { LauncherRecord } from '@agent-jobs/frames'

/** Where a follower of framed output stands: every frame below `next` was handed over, but for lines still open. */
export interface LauncherCursor {
  version: 1
  framing: 'launcher'
  /** The lowest frame number not handed over yet. */
  next: number
  /** The first frame of a line that is not whole yet, by stream. */
  open?: { stdout?: number; stderr?: number }
  /** Whole second (RFC 3339) from which the log server must be asked. */
  since?: string
  /** Frames that were found to be lost so far. */
  lost?: number
  /** The latest gaps, as frame numbers (inclusive): what comes of them later is handed over. */
  holes?: [from: number, to: number][]
}

/** Where a follower of plain output stands: which line was handed over last. */
export interface StampCursor {
  version: 1
  framing: 'none'
  /** Lines handed over so far. */
  seq: number
  /** The last line: its timestamp in nanoseconds since the epoch, and the hash of its bytes. */
  last?: [ns: string, hash: string]
  /** How many lines with the very timestamp of `last` were handed over before it. */
  before?: number
  /** The highest timestamp seen, in nanoseconds, where it is not that of `last`. */
  high?: string
  /** Gaps that were found so far. */
  lost?: number
}

/** Plain JSON. Store it with what you did with the line, and any process can go on from there. */
export type LogCursor = LauncherCursor | StampCursor

/** Why lines are missing. */
export type GapReason =
  /** Frame numbers are missing in the log, and there is no journal to look in. */
  | 'missing_frames'
  /** Frame numbers are missing in the log and in the journal. */
  | 'journal_incomplete'
  /** Something is missing, and every reading of the whole file died before it came to that place. */
  | 'reread_failed'
  /** Nothing that was handed over before is in the log any more: it was rotated meanwhile. */
  | 'no_overlap'

/** One line, whole (or one part of a line above `maxLineBytes`). */
export interface LogLine {
  type: 'line'
  /** Plain containers do not tell: the log server mixes both, and `stdout` is said. */
  stream: 'stdout' | 'stderr'
  text: string
  /** Length in bytes, without the newline. */
  bytes: number
  /** Framed: number of the line's last frame. Plain: number of the line, from 0. */
  seq: number
  /** Milliseconds since the epoch, by the clock of the pod's node. */
  time: number
  cursor: LogCursor
  /** Present on each part of a line above `maxLineBytes`. A cursor between parts leads back to part 0. */
  part?: { index: number; last: boolean }
  /** The output ended here without a newline. */
  unterminated?: true
  /** The first line of its stream after a gap: its beginning may be in the gap. */
  headMayBeMissing?: true
  /** It belongs to a gap that was given up before, and stands behind lines that were printed after it. */
  late?: true
  /** Another line with its frame number was handed over before: two programs write frames, and one is not the launcher. */
  contested?: true
}

/** Lines that are lost, with the bounds that are known. */
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

/** Stable words for what a diagnostic is about. */
export type DiagnosticCode =
  /** Text on the container's output that is no frame: a crash of the launcher, for instance. */
  | 'not_a_frame'
  /** Something besides the launcher writes frames in the container; said once, with what showed it. */
  | 'frames_contested'
  /** A line whose parts are partly lost; `text` is what is left of it. */
  | 'broken_line'
  /** The end of a line whose beginning the server left out. */
  | 'headless_fragment'
  /** An error text of the kubelet or the runtime, sent with status 200. */
  | 'kubelet_text'
  /** The node has no inotify instance left; reading goes on by polling. */
  | 'too_many_open_files'
  /** The server refused or failed a request; reading is tried again. */
  | 'request_failed'
  /** The connection broke; reading is resumed. */
  | 'connection_lost'
  /** The stream was silent although newer lines exist; a new connection replaces it. */
  | 'stalled'
  /** Lines with older timestamps came and were not the same as before: the node's clock went back. */
  | 'clock_stepped_back'
  /** The same file was sent again within one connection; its lines were skipped. */
  | 'file_repeated'
  /** The spool is full or cannot be written: reading waits for the consumer. */
  | 'spool_full'
  /** The journal could not be read. */
  | 'journal_failed'
  /** The last read after the container's end did not succeed. */
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
 * What is known of the whole: `complete` when the end record came and every number was there, `lost` when there was
 * a gap, `unverified` when nothing is known to be missing and nothing proves that nothing is.
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

/** What a follower yields. */
export type LogItem = LogLine | LogGap | LogDiagnostic | LogRecord | LogEnd
