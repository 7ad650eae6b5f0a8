import type { AgentErrorCode } from './agent-error-code.ts'

/** Something that was seen and that a verdict rests on; each parser adds where. */
export interface Observation {
  /** The member that was read (`api_error_status`), or what was looked at. */
  readonly field: string
  readonly value: string | number | boolean | null
  /** Line it stood on, from 1. */
  readonly line?: number
}

/** Why a run is judged as it is. `code` is null on success. */
export interface VerdictOn<Evidence extends Observation> {
  readonly code: AgentErrorCode | null
  /** A sentence for a person; null on success. */
  readonly message: string | null
  readonly evidence: readonly Evidence[]
}
