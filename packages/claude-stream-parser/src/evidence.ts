import type { AgentErrorCode } from './agent-error-code.ts'

/** One observation that a verdict rests on. */
export interface Evidence {
  /** Where it was seen: a line type of the stream, the process, or the stream as a whole. */
  readonly source:
    | 'result'
    | 'assistant'
    | 'user'
    | 'system'
    | 'rate_limit_event'
    | 'stdout'
    | 'stderr'
    | 'exit_code'
    | 'signal'
    | 'stream'
  /** The member that was read (`api_error_status`), or what was looked at. */
  readonly field: string
  readonly value: string | number | boolean | null
  /** Line it stood on, from 1. */
  readonly line?: number
}

/** Why a run is judged as it is. `code` is null on success. */
export interface Verdict {
  readonly code: AgentErrorCode | null
  /** A sentence for a person; null on success. */
  readonly message: string | null
  readonly evidence: readonly Evidence[]
}

/** How the process ended, as far as the caller knows. Absent and null both mean unknown. */
export interface ProcessEnd {
  readonly exitCode?: number | null
  readonly signal?: string | null
  /** What the CLI wrote to stderr; its last part is enough. */
  readonly stderr?: string
}
