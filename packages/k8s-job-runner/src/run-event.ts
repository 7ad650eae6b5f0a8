import type { LogGap, LogLine, Verdict } from '@agent-jobs/log-stream'
import type { Outcome } from './outcome.ts'

/** Phases of a run, in order. */
export type Phase = 'submitted' | 'queued' | 'pending' | 'running' | 'stopping' | 'ended'

/** An event of a run. */
export type RunEvent =
  | { type: 'phase'; phase: Phase; message: string; at: number }
  | LogLine
  | LogGap
  /** A non-fatal problem. `code` is stable. */
  | { type: 'warning'; code: string; message: string; at: number }
  /** The end of the output; `verdict` says whether it is complete, `problem` why it could not be read to its end. */
  | { type: 'output'; verdict: Verdict; problem?: string | undefined }
  /** The last event. */
  | { type: 'outcome'; outcome: Outcome }
