import type { Observation, VerdictOn } from '@agent-jobs/stream-parser-core'

/** One observation that a verdict rests on. */
export interface Evidence extends Observation {
  /** Where it was seen: a line type of the stream, the process, or the stream as a whole. */
  readonly source:
    | 'turn.completed'
    | 'turn.failed'
    | 'item.completed'
    | 'stdout'
    | 'stderr'
    | 'exit_code'
    | 'signal'
    | 'stream'
}

/** Why a run is judged as it is. `code` is null on success. */
export type Verdict = VerdictOn<Evidence>
