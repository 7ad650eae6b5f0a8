import type { LogGap, LogLine, Verdict } from '@agent-jobs/log-stream'
import type { Outcome } from './outcome.ts'

/** Where a run stands, in order. */
export type Phase = 'submitted' | 'queued' | 'pending' | 'running' | 'stopping' | 'ended'

/** Something that happened in a run. */
export type RunEvent =
  | { type: 'phase'; phase: Phase; message: string; at: number }
  | LogLine
  | LogGap
  /** Not the end of anything, but worth knowing. `code` is stable. */
  | { type: 'warning'; code: string; message: string; at: number }
  /** Every line there is has been handed over; `verdict` says whether that is all. */
  | { type: 'output'; verdict: Verdict }
  /** The last one. */
  | { type: 'outcome'; outcome: Outcome }
