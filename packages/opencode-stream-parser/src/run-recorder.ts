import {
  bounded,
  createLineTally,
  createNameCounter,
  createRecentSet,
  type JsonObject,
  memberOf,
  numberOf,
  objectOf,
  type RecorderOptions,
  type RunRecorder,
  textOf,
} from '@agent-jobs/stream-parser-core'
import { createAnswerRecord } from './answer-record.ts'
import { createErrorRecord } from './error-record.ts'
import type { OpencodeEvent } from './events.ts'
import { createFinishState } from './finish-state.ts'
import type { OpencodeSummary } from './opencode-summary.ts'
import type { RunRecord } from './run-record.ts'
import { createStepLedger } from './step-ledger.ts'
import { summarize } from './summarize.ts'

const maxIdChars = 500
// A part is printed again soon, if at all; so many ids are more than enough.
const maxRecent = 4096
// Reasons after which OpenCode asks the model again.
const goesOn: ReadonlySet<string> = new Set(['tool-calls', 'unknown'])

/** Makes the recorder of one run. */
export function createRunRecorder({
  maxResultChars,
}: RecorderOptions): RunRecorder<OpencodeEvent['kind'], OpencodeSummary> {
  const run: RunRecord = {
    steps: createStepLedger(),
    tools: createNameCounter(),
    unknown: createNameCounter(),
    lines: createLineTally(),
    finish: createFinishState(),
    answer: createAnswerRecord(maxResultChars),
    errors: createErrorRecord(),
    count: { toolErrors: 0, invalid: 0, subagents: 0, compactions: 0 },
    sessionId: null,
    firstMs: null,
    lastMs: null,
    compacting: false,
    answered: false,
    stepToolError: false,
    modelSpoke: false,
  }
  const { lines, finish } = run
  const callIds = createRecentSet(maxRecent)
  const stepIds = createRecentSet(maxRecent)

  return {
    event(kind, value, line) {
      lines.event(line)
      finish.event(kind, value)
      seen(run, value)
      const part = objectOf(value, 'part')
      switch (kind) {
        case 'step_start':
          if (stepIds.isNew(textOf(part, 'id'))) begin(run)
          return
        case 'text':
          return spoke(run, part)
        case 'tool_use':
          run.modelSpoke = true
          if (callIds.isNew(textOf(part, 'callID') ?? textOf(part, 'id'))) called(run, part)
          return
        case 'step_finish':
          if (stepIds.isNew(textOf(part, 'id'))) stepFinished(run, part ?? {}, line)
          return
        case 'error':
          run.errors.add(value, line)
          // The step after a context overflow writes the summary for the compaction, not an answer.
          run.compacting = textOf(objectOf(value, 'error'), 'name') === 'ContextOverflowError'
          run.answered = false
          return
        case 'reasoning':
          return
        default:
          run.unknown.add(textOf(value, 'type') ?? '(no type)')
      }
    },
    text: lines.text,
    cut: lines.cut,
    oversize: lines.oversize,
    get finished() {
      return finish.finished
    },
    get sessionId() {
      return run.sessionId
    },
    summary: (end) => summarize(run, end),
  }
}

function seen(run: RunRecord, value: JsonObject): void {
  const session = textOf(value, 'sessionID')
  if (session !== null && session !== run.sessionId) run.sessionId = bounded(session, maxIdChars)
  const ms = numberOf(value, 'timestamp')
  if (ms === null) return
  run.firstMs ??= ms
  run.lastMs = ms
}

function begin(run: RunRecord): void {
  run.steps.begin()
  run.answered = false
  run.stepToolError = false
}

function spoke(run: RunRecord, part: JsonObject | null): void {
  const text = textOf(part, 'text') ?? ''
  if (memberOf(part, 'synthetic') === true) {
    // The CLI's own words. After a compaction they ask the model to go on, so the text before was not an answer.
    if (memberOf(objectOf(part, 'metadata'), 'compaction_continue') === true) {
      run.count.compactions++
      run.answer.clear()
    }
    run.compacting = false
    run.answered = false
    return
  }
  if (text !== '' && !run.compacting) run.modelSpoke = true
  run.answer.part(textOf(part, 'messageID'), textOf(part, 'id'), text)
}

function called(run: RunRecord, part: JsonObject | null): void {
  const tool = textOf(part, 'tool') ?? '(unnamed)'
  run.tools.add(tool)
  if (tool === 'task') run.count.subagents++
  if (tool === 'invalid') run.count.invalid++
  if (textOf(objectOf(part, 'state'), 'status') !== 'error') return
  run.count.toolErrors++
  run.stepToolError = true
}

function stepFinished(run: RunRecord, part: JsonObject, line: number): void {
  const { reason } = run.steps.finish(part, line)
  run.answered = !goesOn.has(reason) && !run.compacting
  if (run.answered && reason === 'stop') run.errors.recovered()
}
