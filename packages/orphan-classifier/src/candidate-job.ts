/** The state of a Job. `queued` is suspended, waiting for admission; it may start at any moment. */
export type CandidateState = 'queued' | 'active' | 'succeeded' | 'failed' | 'deleting'

/** A Job of the same agent, as plain data. An empty or absent identity counts as unknown. */
export interface CandidateJob {
  readonly name: string
  readonly uid: string
  readonly state: CandidateState
  /** Milliseconds since the epoch; unknown counts as oldest. */
  readonly createdAt?: number | null | undefined
  /** The run that owns it now. */
  readonly runId?: string | null | undefined
  readonly taskId?: string | null | undefined
  readonly sessionId?: string | null | undefined
  /** Set when the Job works apart from others of its agent. Jobs with different keys are independent. */
  readonly isolationKey?: string | null | undefined
}

/** The run that looks for a Job. */
export interface WantedRun {
  readonly runId: string
  readonly taskId?: string | null | undefined
  /** The session that the run would continue; absent for a new one. */
  readonly sessionId?: string | null | undefined
  readonly isolationKey?: string | null | undefined
  /** The Job that the host remembers as this run's own. */
  readonly knownUid?: string | null | undefined
  /** Whether a Job of another run may be adopted at all. */
  readonly reattach: boolean
  /** Whether to wait for a stranger to finish instead of being blocked by it. */
  readonly patient: boolean
}
