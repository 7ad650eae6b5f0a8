/** How the process ended, as far as the caller knows. Absent and null both mean unknown. */
export interface ProcessEnd {
  readonly exitCode?: number | null
  readonly signal?: string | null
  /** What the CLI wrote to stderr; its last part is enough. */
  readonly stderr?: string
}
