/** All values of {@link StopCause}. */
export const stopCauses = [
  'idle_limit',
  'total_limit',
  'hang_after_finish',
  'loop_limit',
  'signal',
  'output_limit',
] as const

/** Why the launcher itself ended the command. */
export type StopCause = (typeof stopCauses)[number]

/** All codes of {@link StartError} that this version writes. */
export const startErrorCodes = [
  'node_missing',
  'bad_spec',
  'input_unreadable',
  'file_not_written',
  'output_unwritable',
  'cwd_missing',
  'cwd_unusable',
  'mount_changed',
  'command_not_found',
  'command_not_executable',
  'spawn_failed',
  'stopped_before_start',
  'already_started',
  'launcher_failed',
] as const

/** Codes of {@link StartError}. */
export type StartErrorCode = (typeof startErrorCodes)[number]

/** Why the command could not be started. The message says what was seen and what to do. */
export interface StartError {
  /** A launcher of another version may write codes that this one does not know. */
  readonly code: StartErrorCode | UnknownCode
  readonly message: string
}

/** All codes of {@link NoticeRecord} that this version writes. */
export const noticeCodes = [
  'idle_limit',
  'total_limit',
  'hang_after_finish',
  'loop_limit',
  'signal',
  'output_limit',
  'finished',
  'killed',
  'leftover_processes',
  'output_truncated',
  'watch_unavailable',
  'stdout_lost',
  'journal_failed',
  'journal_overflow',
  'journal_full',
  'proxy_failed',
  'proxy_unreachable',
  'launcher_failed',
] as const

/** Codes of {@link NoticeRecord}. */
export type NoticeCode = (typeof noticeCodes)[number]

/** A code of another version: lower-case words joined by `_`, at most 64 characters. */
export type UnknownCode = string & Record<never, never>

/** First frame (seq 0). */
export interface StartRecord {
  readonly type: 'start'
  readonly version: 1
  /** Null when the command could not be started. */
  readonly pid: number | null
  /** Wall clock, milliseconds since the epoch. */
  readonly startedAt: number
}

/** Something that readers of the run's log should know. */
export interface NoticeRecord {
  readonly type: 'notice'
  /** A launcher of another version may write codes that this one does not know. */
  readonly code: NoticeCode | UnknownCode
  readonly message: string
}

/** Last frame: how the command ended. */
export interface EndRecord {
  readonly type: 'end'
  /** The number of frames before this one, which is its own sequence number. */
  readonly frames: number
  /** The command's exit code, 0 to 255; null when a signal ended it or when it never started. */
  readonly exitCode: number | null
  /** The signal that ended the command, such as `SIGTERM`. */
  readonly signal: string | null
  readonly durationMs: number
  /** Null when the command ended on its own; `unknown` for a cause that this version does not know. */
  readonly stoppedBy: StopCause | 'unknown' | null
  /** Bytes of standard output that were framed. */
  readonly stdoutBytes: number
  /** Bytes of standard error that were framed. */
  readonly stderrBytes: number
  /** How many processes of the container the kernel killed for memory during the run; omitted when none. */
  readonly oomKills?: number | undefined
  readonly startError?: StartError | undefined
}

/** The JSON payload of a frame of stream `l`. */
export type LauncherRecord = StartRecord | NoticeRecord | EndRecord
