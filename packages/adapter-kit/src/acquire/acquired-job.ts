import type { RunHandle } from '@agent-jobs/k8s-job-runner'
import type { TraceIdentity } from '@agent-jobs/tracing'
import type { SessionParams } from '../session/session-params.ts'
import type { VolumePlace } from '../volume/held-folder.ts'

/** A Job that a run of this process owns, started or adopted. */
export interface AcquiredJob {
  handle: RunHandle
  /** When the runner was called for it, in milliseconds since the epoch: the zero of the handle's timings. */
  calledAt: number
  /** The run that started the Job; null when this run did. */
  adopted: {
    /** Null when the Job does not say. */
    runId: string | null
    /** The trace of that run; null when it was not traced. */
    trace: TraceIdentity | null
  } | null
  /** Values that must not appear in the run's log. */
  secrets: readonly string[]
  /** Where this server keeps the run's tokens; null when the agent has its token itself. */
  tokenFile: VolumePlace | null
  /** The run's journal where this server sees it; null without one. */
  journalFile: VolumePlace | null
  promptBundleKey: string | null
  mcpServerIdentity: string | null
  /** The session that the run continues; null for a fresh one. */
  previous: SessionParams | null
}

/** The result of acquiring a Job. */
export type Acquisition =
  | { kind: 'acquired'; job: AcquiredJob }
  | {
      kind: 'refused'
      error: unknown
      /** True when a Job exists, or may exist, whose agent may have started. */
      mayHaveBegun: boolean
    }
