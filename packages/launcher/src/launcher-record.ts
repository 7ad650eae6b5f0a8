/** Why the launcher itself ended the command; `null` when the command ended on its own. */
export type StoppedBy = 'idle_limit' | 'total_limit' | 'hang_after_finish' | 'loop_limit' | 'signal' | 'output_limit'

/** Why the command could not be started. The message says what was seen and what to do. */
export interface StartError {
  code: StartErrorCode
  message: string
}

/** All codes of {@link StartError}. */
export const startErrorCodes = [
  'node_missing',
  'bad_spec',
  'input_unreadable',
  'file_not_written',
  'output_unwritable',
  'cwd_missing',
  'cwd_unusable',
  'command_not_found',
  'command_not_executable',
  'spawn_failed',
  'stopped_before_start',
  'launcher_failed',
] as const

/** Codes of {@link StartError}. */
export type StartErrorCode = (typeof startErrorCodes)[number]

/** All codes of {@link NoticeRecord}. */
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
  'launcher_failed',
] as const

/** Codes of {@link NoticeRecord}. */
export type NoticeCode = (typeof noticeCodes)[number]

/** First frame (seq 0). `pid` is null when the command could not be started. */
export interface StartRecord {
  type: 'start'
  version: 1
  pid: number | null
  /** Wall clock, milliseconds since the epoch. */
  startedAt: number
}

/** Something that a person who reads the run's log should know. */
export interface NoticeRecord {
  type: 'notice'
  code: NoticeCode
  message: string
}

/** Last frame. `frames` is the count of frames before it, that is, its own sequence number. */
export interface EndRecord {
  type: 'end'
  frames: number
  /** The command's exit code; null when a signal ended it or when it never started. */
  exitCode: number | null
  /** The signal that ended the command, such as `SIGTERM`. */
  signal: string | null
  durationMs: number
  stoppedBy: StoppedBy | null
  /** Bytes of standard output that were framed. */
  stdoutBytes: number
  /** Bytes of standard error that were framed. */
  stderrBytes: number
  /** How many processes of the container the kernel killed for memory meanwhile; left out when none. */
  oomKills?: number
  startError?: StartError
}

/** JSON payload of the frames of stream `l`. */
export type LauncherRecord = StartRecord | NoticeRecord | EndRecord
