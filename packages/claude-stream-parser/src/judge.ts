import type { ProcessEnd } from '@agent-jobs/stream-parser-core'
import type { Verdict } from './evidence.ts'
import { judgeEnding } from './judge-ending.ts'
import { judgeResult } from './judge-result.ts'
import type { AssistantErrorFacts, RateLimitFacts, ResultFacts, RetryFacts } from './run-facts.ts'

/** Everything a verdict may rest on. */
export interface RunFacts {
  /** The result that counts: the last one of a turn of the model. */
  readonly result: ResultFacts | null
  /** Lines that were JSON objects. */
  readonly events: number
  readonly lastLine: number
  readonly initLine: number | null
  /** The agent itself (not a sub-agent, not the CLI in its place) printed a block of a message. */
  readonly modelSpoke: boolean
  /** Among them was a text or a tool call; null when no block was printed at all. */
  readonly visible: boolean | null
  /** `stop_reason` of the agent's last message in the last turn, where the line has one. */
  readonly stopReason: string | null
  readonly assistantError: AssistantErrorFacts | null
  readonly retry: RetryFacts | null
  readonly rateLimit: RateLimitFacts | null
  /** Line of a `model_refusal_no_fallback` in the last turn. */
  readonly refusalLine: number | null
  /** Line of the CLI's own "[Request interrupted by user]", when it is the last thing that the agent's turn shows. */
  readonly interruptLine: number | null
  readonly finished: boolean
  /** A background task was stopped after the last result. */
  readonly taskStopped: boolean
  readonly turnOpen: boolean
  /** The last line broke off. */
  readonly cut: boolean
  readonly oversizeLines: number
  /** Lines of stdout that were no JSON, the first few. */
  readonly stdoutText: string
}

/** Judges a run from members of its lines and from how its process ended. A pure function. */
export function judge(facts: RunFacts, end: ProcessEnd): Verdict {
  return facts.result ? judgeResult(facts.result, facts, end) : judgeEnding(facts, end)
}
