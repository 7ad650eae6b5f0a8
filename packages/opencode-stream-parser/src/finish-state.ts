import { type JsonObject, memberOf, objectOf, textOf } from '@agent-jobs/stream-parser-core'
import type { OpencodeEvent } from './events.ts'
import { isFinalError, isKnownReason, maxUnknownSteps } from './finish-rule.ts'

/** Knows from parsed lines what `finishRule` says by strings: whether the work is done, and whether it never will be. */
export interface FinishState {
  event(kind: OpencodeEvent['kind'], value: JsonObject): void
  /** The agent answered, or failed permanently, and nothing has begun after it. */
  readonly finished: boolean
  /** Steps in a row that ended with an unknown finish reason and without a tool call. */
  readonly unknownSteps: number
  /** OpenCode asks the model again and again. */
  readonly looping: boolean
}

/** Reasons after which OpenCode asks the model again. */
const goesOn: ReadonlySet<string> = new Set(['tool-calls', 'unknown'])

/** See {@link FinishState}. */
export function createFinishState(): FinishState {
  let isDone = false
  let isOpen = false
  let hasProgress = false
  let unknownSteps = 0

  function done(): void {
    isDone = true
    isOpen = false
  }

  function stepFinished(reason: string): void {
    if (!goesOn.has(reason)) done()
    if (isKnownReason(reason)) unknownSteps = 0
    else if (!hasProgress) unknownSteps++
    hasProgress = isKnownReason(reason)
  }

  function failed(name: string): void {
    if (name === 'ContextOverflowError') isOpen = true
    else if (isFinalError(name)) done()
  }

  return {
    event(kind, value) {
      const part = objectOf(value, 'part')
      if (kind === 'step_start') {
        isOpen = true
        hasProgress = false
      } else if (kind === 'tool_use') {
        hasProgress = true
        unknownSteps = 0
      } else if (kind === 'step_finish') stepFinished(textOf(part, 'reason') ?? '')
      else if (kind === 'text' && memberOf(part, 'synthetic') === true) isOpen = true
      else if (kind === 'error') failed(textOf(objectOf(value, 'error'), 'name') ?? '')
    },
    get finished() {
      return isDone && !isOpen
    },
    get unknownSteps() {
      return unknownSteps
    },
    get looping() {
      return unknownSteps >= maxUnknownSteps
    },
  }
}
