/** How the process ended, as far as the caller knows. Absent and null both mean unknown. */
export interface ProcessEnd {
  readonly exitCode?: number | null
  readonly signal?: string | null
  /** What the CLI wrote to stderr; its last part is enough. */
  readonly stderr?: string
  /** Why a launcher ended it, where one did: `loop_limit` when the agent repeated itself without progress. */
  readonly stoppedBy?: string | null | undefined
}
