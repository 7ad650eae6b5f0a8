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
  /** Of a success: what happened to the agent's process or pod after its work was done. */
  readonly warning: string | null
  /** How long the agent ran, by the clock of its pod. */
  readonly durationMs: number | null
  readonly timings: RunTimings
}

/** Of the command that submitted the run; null where it never came to that, and for those who only look. */
export interface RunTimings {
  readonly submittedMs: number | null
  readonly runningMs: number | null
  readonly firstLineMs: number | null
  readonly endedMs: number | null
}

/** Whether the run succeeded; one that was only to be submitted, whether it was. */
export function isSuccess(report: RunReport): boolean {
  return report.errorCode === null
}
