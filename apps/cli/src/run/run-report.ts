/** What a run printed by `--json` says of itself; times in milliseconds since the command began. */
export interface RunReport {
  readonly job: string | null
  readonly pod: string | null
  readonly node: string | null
  /** The outcome's kind: `succeeded`, `exited`, `imageError`, … */
  readonly outcome: string
  readonly exitCode: number | null
  readonly sessionId: string | null
  readonly model: string | null
  readonly usage: unknown
  readonly costUsd: number | null
  /** The agent's last words. */
  readonly summary: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly timings: RunTimings
}

/** Null where it never came to that. */
export interface RunTimings {
  readonly submittedMs: number | null
  readonly runningMs: number | null
  readonly firstLineMs: number | null
  readonly endedMs: number | null
}

/** A run is a success only when the container and the agent both say so; one that was to be submitted, when it was. */
export function isSuccess(report: RunReport): boolean {
  return (report.outcome === 'succeeded' || report.outcome === 'submitted') && report.errorCode === null
}
