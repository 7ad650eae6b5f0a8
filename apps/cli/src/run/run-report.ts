/** A run as `--json` prints it; times in milliseconds since the command began. */
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
  /** `session_cumulative`: the tokens are those of the whole session, since what it had used before is not known. */
  readonly usageBasis: string | null
  readonly costUsd: number | null
  /** The agent's final answer. */
  readonly summary: string | null
  readonly errorCode: string | null
  readonly errorMessage: string | null
  /** For a success: what happened to the agent's process or pod after its work was done. */
  readonly warning: string | null
  /** How long the agent ran, by the clock of its pod. */
  readonly durationMs: number | null
  readonly timings: RunTimings
}

/** Of the command that submitted the run; null for points not reached, and for commands that only observe. */
export interface RunTimings {
  readonly submittedMs: number | null
  readonly runningMs: number | null
  readonly firstLineMs: number | null
  readonly endedMs: number | null
}

/** Whether the run succeeded or, with submit only, was submitted. */
export function isSuccess(report: RunReport): boolean {
  return report.errorCode === null
}
