import type { LineTally, NameCounter } from '@agent-jobs/stream-parser-core'
import type { AnswerRecord } from './answer-record.ts'
import type { ErrorRecord } from './error-record.ts'
import type { FinishState } from './finish-state.ts'
import type { StepLedger } from './step-ledger.ts'

/** Everything that the lines of a run have told. */
export interface RunRecord {
  readonly steps: StepLedger
  readonly tools: NameCounter
  readonly unknown: NameCounter
  readonly lines: LineTally
  readonly finish: FinishState
  readonly answer: AnswerRecord
  readonly errors: ErrorRecord
  readonly count: { toolErrors: number; invalid: number; subagents: number; compactions: number }
  sessionId: string | null
  /** By the CLI's clock. */
  firstMs: number | null
  lastMs: number | null
  /** The summary for a compaction is being written. */
  compacting: boolean
  /** The last step is an answer. */
  answered: boolean
  /** A tool call of the step at hand ended with an error. */
  stepToolError: boolean
  /** The agent said or called something. */
  modelSpoke: boolean
}
