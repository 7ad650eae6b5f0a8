/** Identifies a run. */
export interface ObservedRun {
  /** Adapter type or agent, for example `claude_k8s`. */
  readonly adapter: string
  readonly agentId: string
  readonly companyId: string
}

/** Tokens of this run only. */
export interface ObservedUsage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadInputTokens: number
  readonly cacheCreationInputTokens: number
}

/** Milliseconds that a run spent in each phase; absent for phases it did not have. */
export type PhaseDurations = Partial<Record<RunPhase, number>>

/**
 * What a run does, in this order. `queue`: waits for a quota, as with Kueue. `schedule`: until its pod has a node. `pull`: until
 * its images are pulled, where that takes seconds. `start`: until the container runs. `first_line`: until the agent's first line.
 * `run`: until its end is known.
 */
export type RunPhase = 'queue' | 'schedule' | 'pull' | 'start' | 'first_line' | 'run'

/** How a run ended. */
export interface ObservedEnd {
  /** Identity of the Job, or of the run when it got none. Each is counted once, however often its end is reported. */
  readonly id: string
  /** Outcome code, for example `succeeded` or `evicted`. */
  readonly outcome: string
  /** Error code of the result; null for a success. */
  readonly errorCode: string | null
  readonly model: string | null
  readonly usage: ObservedUsage
  readonly costUsd: number | null
  readonly adopted: boolean
  /** Whether all of the output was read; null if unknown. */
  readonly outputComplete: boolean | null
  readonly phases: PhaseDurations
}

/** Receives the events of one run. */
export interface RunObservation {
  /** The run waits, or no longer waits, for another run of its agent. */
  waiting(isWaiting: boolean): void
  /** Lines of the run's output are missing; `reason` is a stable code. */
  gap(reason: string): void
  /** The run has ended. Resolves when this is on disk, so that a killed process does not forget it. */
  ended(end: ObservedEnd): Promise<void>
  /** What the ended run left in the cluster was removed, this many milliseconds after its end. */
  cleanedUp(ms: number): void
  /** No more events follow: another process follows the run. Has no effect after the end. */
  left(): void
}

/** Observes runs, from their start to their end. */
export interface RunObserver {
  begin(run: ObservedRun): RunObservation
}
