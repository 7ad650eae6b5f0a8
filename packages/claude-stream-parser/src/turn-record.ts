import { type JsonObject, isJsonObject, listOf, memberOf, objectOf, textOf } from '@agent-jobs/stream-parser-core'
import type { AssistantErrorFacts, RetryFacts } from './run-facts.ts'

/** What a turn shows besides its answer. */
export interface TurnFacts {
  readonly assistantError: AssistantErrorFacts | null
  /** Line of a `model_refusal_no_fallback`. */
  readonly refusalLine: number | null
  /** `stop_reason` of the agent's last message, where the line has one. */
  readonly stopReason: string | null
}

/** Keeps what the turn at hand shows, and what the turn showed that the last result ended. */
export interface TurnRecord {
  /** The agent itself printed a line; `error` is null for an ordinary one. */
  own(error: AssistantErrorFacts | null): void
  /** A model answered: errors and refusals before it are made up for. */
  answered(stopReason: string | null): void
  refused(line: number): void
  retry(facts: RetryFacts): void
  user(value: JsonObject, line: number): void
  /** A result came; `counts` when it is the one to judge the run by. */
  ended(counts: boolean): void
  readonly facts: TurnFacts
  readonly lastRetry: RetryFacts | null
  readonly interruptLine: number | null
}

const nothing: TurnFacts = { assistantError: null, refusalLine: null, stopReason: null }

/** See {@link TurnRecord}. */
export function createTurnRecord(): TurnRecord {
  let now = nothing
  let judged: TurnFacts | null = null
  let lastRetry: RetryFacts | null = null
  let interruptLine: number | null = null
  return {
    own(assistantError) {
      interruptLine = null
      now = { ...now, assistantError }
    },
    answered(stopReason) {
      now = { ...now, stopReason, refusalLine: null }
      lastRetry = null
    },
    refused(line) {
      now = { ...now, refusalLine: line }
    },
    retry(facts) {
      lastRetry = facts
    },
    user(value, line) {
      if (isInterruptMarker(value)) interruptLine = line
    },
    ended(counts) {
      if (counts) judged = now
      // What comes next belongs to another turn.
      now = nothing
    },
    get facts() {
      return judged ?? now
    },
    get lastRetry() {
      return lastRetry
    },
    get interruptLine() {
      return interruptLine
    },
  }
}

/**
 * What the CLI writes into the conversation when it is interrupted; before the first answer it is all that it prints.
 * A person's or a model's words cannot take its place: in `--print` mode other text blocks of the agent's own `user`
 * lines are synthetic or a replay.
 */
function isInterruptMarker(value: JsonObject): boolean {
  if (textOf(value, 'parent_tool_use_id') !== null) return false
  if (memberOf(value, 'isSynthetic') === true || memberOf(value, 'isReplay') === true) return false
  const content = listOf(objectOf(value, 'message'), 'content')
  const [block] = content
  return (
    content.length === 1 &&
    isJsonObject(block) &&
    /^\[Request interrupted by user(?: for tool use)?\]$/.test(textOf(block, 'text') ?? '')
  )
}
