import {
  bounded,
  type JsonObject,
  memberOf,
  numberOf,
  objectOf,
  textOf,
  createLineTally,
  createNameCounter,
  type RunRecorder,
} from '@agent-jobs/stream-parser-core'
import { type ErrorFacts, readError } from './error-facts.ts'
import type { OpencodeEvent } from './events.ts'
import { createFinishState } from './finish-state.ts'
import { judge } from './judge.ts'
import type { OpencodeSummary } from './opencode-summary.ts'
import { createStepLedger } from './step-ledger.ts'

const maxIdChars = 500
// Reasons after which OpenCode asks the model again.
const goesOn: ReadonlySet<string> = new Set(['tool-calls', 'unknown'])

/** Makes the recorder of one run. */
export function createRunRecorder(maxResultChars: number): RunRecorder<OpencodeEvent['kind'], OpencodeSummary> {
  const steps = createStepLedger()
  const tools = createNameCounter()
  const unknown = createNameCounter()
  const lines = createLineTally()
  const finish = createFinishState()
  const count = { errors: 0, recovered: 0, toolErrors: 0, invalid: 0, subagents: 0, compactions: 0 }
  let sessionId: string | null = null
  let firstMs: number | null = null
  let lastMs: number | null = null
  let said: { message: string | null; text: string } | null = null
  let error: ErrorFacts | null = null
  let unrecovered = 0
  // After a context overflow the next step writes the summary for the compaction; it is no answer.
  let compacting = false
  let answered = false
  let stepToolError = false
  let modelSpoke = false

  function spoke(part: JsonObject | null): void {
    const text = textOf(part, 'text') ?? ''
    if (memberOf(part, 'synthetic') === true) {
      // The CLI's own words. After a compaction they ask the model to go on, so what stood before was no answer.
      if (memberOf(objectOf(part, 'metadata'), 'compaction_continue') === true) {
        count.compactions++
        said = null
      }
      compacting = false
      answered = false
      return
    }
    if (text !== '' && !compacting) modelSpoke = true
    const message = textOf(part, 'messageID')
    const before = said !== null && said.message === message ? `${said.text}\n\n` : ''
    said = {
      message: message === null ? null : bounded(message, maxIdChars),
      text: bounded(before + text, maxResultChars),
    }
  }

  function called(part: JsonObject | null): void {
    modelSpoke = true
    const tool = textOf(part, 'tool') ?? '(unnamed)'
    tools.add(tool)
    if (tool === 'task') count.subagents++
    if (tool === 'invalid') count.invalid++
    if (textOf(objectOf(part, 'state'), 'status') === 'error') {
      count.toolErrors++
      stepToolError = true
    }
  }

  function stepFinished(part: JsonObject, line: number): void {
    const { reason } = steps.finish(part, line)
    answered = !goesOn.has(reason) && !compacting
    if (answered && reason === 'stop' && error) {
      count.recovered += unrecovered
      unrecovered = 0
      error = null
    }
  }

  return {
    event(kind, value, line) {
      lines.event(line)
      finish.event(kind, value)
      const session = textOf(value, 'sessionID')
      if (session !== null && session !== sessionId) sessionId = bounded(session, maxIdChars)
      const ms = numberOf(value, 'timestamp')
      if (ms !== null) {
        firstMs ??= ms
        lastMs = ms
      }
      const part = objectOf(value, 'part')
      switch (kind) {
        case 'step_start':
          steps.begin()
          answered = false
          stepToolError = false
          return
        case 'text':
          return spoke(part)
        case 'tool_use':
          return called(part)
        case 'step_finish':
          return stepFinished(part ?? {}, line)
        case 'error':
          count.errors++
          unrecovered++
          error = readError(value, line)
          compacting = error.name === 'ContextOverflowError'
          answered = false
          return
        case 'reasoning':
          return
        default:
          unknown.add(textOf(value, 'type') ?? '(no type)')
      }
    },
    text: lines.text,
    cut: lines.cut,
    oversize: lines.oversize,
    get finished() {
      return finish.finished
    },
    get sessionId() {
      return sessionId
    },
    summary(end) {
      const report = steps.report()
      const verdict = judge(
        {
          events: lines.counts.events,
          lastLine: lines.counts.total,
          error,
          recoveredErrors: count.recovered,
          stepsBegun: steps.begun,
          stepOpen: steps.open,
          lastStep: steps.last,
          lastStepToolError: stepToolError,
          answered,
          modelSpoke,
          cut: lines.counts.cut,
          oversizeLines: lines.counts.oversize,
          stdoutText: lines.stdoutText,
        },
        end,
      )
      return {
        sessionId,
        model: null,
        result: said?.text ?? null,
        ...report,
        numTurns: steps.finished,
        stepsBegun: steps.begun,
        lastStep: steps.last,
        finishReason: steps.last?.reason ?? null,
        durationMs: firstMs === null || lastMs === null ? null : lastMs - firstMs,
        isError: verdict.code !== null,
        errorCode: verdict.code,
        errorMessage: verdict.message,
        evidence: verdict.evidence,
        toolCalls: tools.total,
        toolCallsByName: tools.toRecord(),
        toolErrors: count.toolErrors,
        invalidToolCalls: count.invalid,
        subagents: count.subagents,
        unknownEvents: unknown.total,
        unknownTypes: unknown.toRecord(),
        finished: finish.finished,
        answered,
        errors: count.errors,
        recoveredErrors: count.recovered,
        lastError: error,
        retryAfterMs: error?.retryAfterMs ?? null,
        compactions: count.compactions,
        lines: { ...lines.counts },
      }
    },
  }
}
