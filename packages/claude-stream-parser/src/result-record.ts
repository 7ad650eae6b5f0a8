import type { JsonObject } from '@agent-jobs/stream-parser-core'
import { readResult, type ResultFacts } from './run-facts.ts'
import { isOfTaskAlone } from './turn-tracker.ts'

/** Keeps the result that the run is judged by, and sums over all of them. */
export interface ResultRecord {
  /** Takes a `result` line and the text that the agent wrote; true when the run is now judged by this result. */
  add(value: JsonObject, line: number, said: { inTurn: string | null; ever: string | null }): boolean
  readonly last: ResultFacts | null
  /** The answer: the whole text of the last message, or what the result states where it is more or an error. */
  readonly answer: string | null
  readonly sums: {
    readonly results: number
    readonly numTurns: number
    readonly durationMs: number
    readonly durationApiMs: number
  }
}

/** Makes a record that keeps at most `maxResultChars` of a result. */
export function createResultRecord(maxResultChars: number): ResultRecord {
  const sums = { results: 0, numTurns: 0, durationMs: 0, durationApiMs: 0 }
  let last: ResultFacts | null = null
  let answer: string | null = null
  return {
    add(value, line, said) {
      const facts = readResult(value, line, maxResultChars)
      sums.results++
      sums.numTurns += facts.numTurns
      sums.durationMs += facts.durationMs
      sums.durationApiMs += facts.durationApiMs
      if (isOfTaskAlone(value) || (last !== null && (isModelless(facts) || isSpurious(facts, last)))) return false
      last = facts
      answer = answerOf(facts, said)
      return true
    },
    get last() {
      return last
    },
    get answer() {
      return answer
    },
    sums,
  }
}

/** `result` is one content block of the last message, and sometimes empty although the message has text. */
function answerOf(facts: ResultFacts, said: { inTurn: string | null; ever: string | null }): string | null {
  const { result, isError, subtype } = facts
  if (isError || subtype !== 'success' || result === null) return result
  if (result.trim() === '') return said.inTurn ?? (facts.localCommand === null ? said.ever : null) ?? result
  return said.inTurn?.includes(result.trim()) ? said.inTurn : result
}

/** A turn without a model (a local command, a blocked prompt) says nothing about the answer before it. */
function isModelless({ subtype, isError, numTurns, result }: ResultFacts): boolean {
  return subtype === 'success' && !isError && numTurns === 0 && (result ?? '') === ''
}

/**
 * Claude Code before 2.1.7 (its issue 16768) printed a second result when a background task ended: an error during
 * execution of nothing at all, after the turn had succeeded. It says nothing about the run.
 */
function isSpurious(facts: ResultFacts, before: ResultFacts): boolean {
  const ofNothing = facts.numTurns === 0 && facts.durationMs === 0 && facts.terminalReason === null
  return (
    facts.subtype === 'error_during_execution' &&
    ofNothing &&
    facts.startupFailureReason === null &&
    before.subtype === 'success' &&
    !before.isError
  )
}
