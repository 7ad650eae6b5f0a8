import {
  bounded,
  createLineTally,
  createNameCounter,
  createRecentSet,
  isJsonObject,
  type JsonObject,
  listOf,
  objectOf,
  type RecorderOptions,
  type RunRecorder,
  textOf,
} from '@agent-jobs/stream-parser-core'
import { createAnswerTracker } from './answer-tracker.ts'
import type { ClaudeSummary } from './claude-summary.ts'
import type { ClaudeEvent } from './events.ts'
import { createRateLimits } from './rate-limits.ts'
import { createResultRecord } from './result-record.ts'
import type { RunRecord } from './run-record.ts'
import { readAssistantError, readRetry, synthetic } from './run-facts.ts'
import { createSessionRecord } from './session-record.ts'
import { summarize } from './summarize.ts'
import { isToolCall } from './tool-blocks.ts'
import { createTurnRecord } from './turn-record.ts'
import { createTurnTracker } from './turn-tracker.ts'
import { createUsageLedger } from './usage-ledger.ts'

const maxSubagents = 10_000
const maxIdChars = 500
// A line is repeated at once, if at all; so many ids are more than enough.
const maxRecent = 4096

/** Makes the recorder of one run. */
export function createRunRecorder({
  maxResultChars,
  now,
}: RecorderOptions): RunRecorder<ClaudeEvent['kind'], ClaudeSummary> {
  const run: RunRecord = {
    ledger: createUsageLedger(),
    turns: createTurnTracker(),
    tools: createNameCounter(),
    unknown: createNameCounter(),
    lines: createLineTally(),
    answer: createAnswerTracker(maxResultChars),
    turn: createTurnRecord(),
    results: createResultRecord(maxResultChars),
    limits: createRateLimits(),
    session: createSessionRecord(),
    subagents: new Set(),
    count: { retries: 0, denials: 0, compactions: 0, hooks: 0 },
    modelSpoke: false,
    visible: null,
    modelFallback: null,
  }
  const { turns, lines, turn, session } = run
  const lineIds = createRecentSet(maxRecent)
  const toolIds = createRecentSet(maxRecent)

  function assistant(value: JsonObject, line: number): void {
    const parent = textOf(value, 'parent_tool_use_id')
    if (parent !== null) addSubagent(run, parent)
    const message = objectOf(value, 'message')
    const { texts, called } = readBlocks(message)
    if (parent === null) own(value, message, texts, called, line)
    countUsage(run, message)
  }

  function readBlocks(message: JsonObject | null): { texts: string[]; called: boolean } {
    const texts: string[] = []
    let called = false
    for (const block of listOf(message, 'content')) {
      if (!isJsonObject(block)) continue
      const type = textOf(block, 'type')
      if (type === 'text') texts.push(textOf(block, 'text') ?? '')
      else if (isToolCall(type)) {
        if (toolIds.isNew(textOf(block, 'id'))) run.tools.add(textOf(block, 'name') ?? '(unnamed)')
        called = true
      }
    }
    return { texts, called }
  }

  function own(value: JsonObject, message: JsonObject | null, texts: string[], called: boolean, line: number): void {
    const error = readAssistantError(value, line)
    turn.own(error)
    const info = error === null ? null : objectOf(objectOf(value, 'api_error_params'), 'rate_limit_info')
    if (info) run.limits.info(info, line)
    if (error !== null) return
    const model = textOf(message, 'model')
    if (model !== synthetic) {
      run.modelSpoke = true
      run.visible = (run.visible ?? false) || called || texts.some((text) => text.trim() !== '')
      turn.answered(textOf(message, 'stop_reason'))
      session.answeredBy(model)
    }
    const id = textOf(message, 'id')
    run.answer.add(id === null ? null : bounded(id, maxIdChars), texts)
  }

  return {
    event(kind, value, line) {
      lines.event(line)
      session.seen(value)
      if (kind !== 'unknown' && !lineIds.isNew(textOf(value, 'uuid'))) return
      switch (kind) {
        case 'system':
          return recordSystem(run, value, line)
        case 'assistant':
          return assistant(value, line)
        case 'user':
          turn.user(value, line)
          return addSubagent(run, textOf(value, 'parent_tool_use_id'))
        case 'stream_event':
          return recordStreamEvent(run, value)
        case 'rate_limit_event':
          return run.limits.info(objectOf(value, 'rate_limit_info') ?? {}, line)
        case 'result':
          return recordResult(run, value, line)
        case 'unknown': {
          const type = textOf(value, 'type') ?? '(no type)'
          const subtype = textOf(value, 'subtype')
          return run.unknown.add(subtype === null ? type : `${type}/${subtype}`)
        }
        default:
      }
    },
    text: lines.text,
    cut: lines.cut,
    oversize: lines.oversize,
    get finished() {
      return turns.finished
    },
    get sessionId() {
      return session.id
    },
    summary: (end) => summarize(run, end, now),
  }
}

function recordSystem(run: RunRecord, value: JsonObject, line: number): void {
  run.turns.system(value)
  switch (textOf(value, 'subtype')) {
    case 'init':
      return run.session.init(value, line)
    case 'api_retry':
      run.count.retries++
      return run.turn.retry(readRetry(value, line))
    case 'task_started':
      if (textOf(value, 'task_type') === 'local_agent')
        addSubagent(run, textOf(value, 'tool_use_id') ?? textOf(value, 'task_id'))
      return
    case 'model_fallback':
    case 'model_refusal_fallback':
      run.modelFallback = {
        from: textOf(value, 'original_model'),
        to: textOf(value, 'fallback_model'),
        trigger: textOf(value, 'trigger'),
      }
      return
    case 'model_refusal_no_fallback':
      return run.turn.refused(line)
    case 'permission_denied':
      run.count.denials++
      return
    case 'compact_boundary':
      run.count.compactions++
      return
    case 'hook_response':
      run.count.hooks++
      return
    default:
  }
}

function recordStreamEvent(run: RunRecord, value: JsonObject): void {
  const event = objectOf(value, 'event')
  const type = textOf(event, 'type')
  if (type === 'message_start') countUsage(run, objectOf(event, 'message'))
  else if (type === 'message_delta') {
    const usage = objectOf(event, 'usage')
    const id = textOf(value, 'api_message_id')
    if (usage && id !== null) run.ledger.messageDelta(id, usage)
  } else if (type === 'content_block_delta' && textOf(value, 'parent_tool_use_id') === null) run.modelSpoke = true
}

function recordResult(run: RunRecord, value: JsonObject, line: number): void {
  run.turns.result(value)
  run.ledger.result(value)
  const said = { inTurn: run.answer.turnText, ever: run.answer.text }
  run.turn.ended(run.results.add(value, line, said))
  run.answer.turn()
}

function countUsage(run: RunRecord, message: JsonObject | null): void {
  const usage = objectOf(message, 'usage')
  const id = textOf(message, 'id')
  const model = textOf(message, 'model')
  if (usage && id !== null && model !== null && model !== synthetic)
    run.ledger.message(bounded(id, maxIdChars), bounded(model, maxIdChars), usage)
}

function addSubagent({ subagents }: RunRecord, id: string | null): void {
  if (id !== null && subagents.size < maxSubagents) subagents.add(bounded(id, maxIdChars))
}
