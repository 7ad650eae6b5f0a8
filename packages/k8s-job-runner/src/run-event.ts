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
  /** Nothing more will be handed over; `verdict` says whether that is all, `problem` why it could not be read to its end. */
  | { type: 'output'; verdict: Verdict; problem?: string | undefined }
  /** The last one. */
  | { type: 'outcome'; outcome: Outcome }
