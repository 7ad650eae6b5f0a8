import type { LineTally, NameCounter } from '@agent-jobs/stream-parser-core'
import type { AnswerTracker } from './answer-tracker.ts'
import type { ClaudeSummary } from './claude-summary.ts'
import type { RateLimits } from './rate-limits.ts'
import type { ResultRecord } from './result-record.ts'
import type { SessionRecord } from './session-record.ts'
import type { TurnRecord } from './turn-record.ts'
import type { TurnTracker } from './turn-tracker.ts'
import type { UsageLedger } from './usage-ledger.ts'

/** Everything that the lines of a run have told. */
export interface RunRecord {
  readonly ledger: UsageLedger
  readonly turns: TurnTracker
  readonly tools: NameCounter
  readonly unknown: NameCounter
  readonly lines: LineTally
  readonly answer: AnswerTracker
  readonly turn: TurnRecord
  readonly results: ResultRecord
  readonly limits: RateLimits
  readonly session: SessionRecord
  readonly subagents: Set<string>
  readonly count: { retries: number; denials: number; compactions: number; hooks: number }
  /** The agent itself, not a sub-agent and not the CLI in its place, printed a block of a message. */
  modelSpoke: boolean
  /** Among them was a text or a tool call; null when no block was printed at all. */
  visible: boolean | null
  modelFallback: ClaudeSummary['modelFallback']
}
