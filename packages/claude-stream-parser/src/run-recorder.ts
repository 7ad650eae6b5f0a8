import type { ClaudeSummary } from './claude-summary.ts'
import {
  bounded,
  isJsonObject,
  type JsonObject,
  listOf,
  memberOf,
  objectOf,
  textOf,
  createLineTally,
  createNameCounter,
  type RunRecorder,
} from '@agent-jobs/stream-parser-core'
import type { ClaudeEvent } from './events.ts'
import { judge, type RunFacts } from './judge.ts'
import {
  type AssistantErrorFacts,
  type RateLimitFacts,
  readAssistantError,
  readRateLimit,
  readResult,
  readRetry,
  type ResultFacts,
  type RetryFacts,
  synthetic,
} from './run-facts.ts'
import { isToolCall } from './tool-blocks.ts'
import { createTurnTracker, isOfTaskAlone } from './turn-tracker.ts'
import { createUsageLedger, type UsageReport } from './usage-ledger.ts'

const maxSubagents = 10_000
const maxIdChars = 500

/** Makes the recorder of one run. */
export function createRunRecorder(maxResultChars: number): RunRecorder<ClaudeEvent['kind'], ClaudeSummary> {
  const ledger = createUsageLedger()
  const turns = createTurnTracker()
  const tools = createNameCounter()
  const unknown = createNameCounter()
  const subagents = new Set<string>()
  const lines = createLineTally()
  let sessionId: string | null = null
  let init: JsonObject | null = null
  let initLine: number | null = null
  let answeredBy: string | null = null
  let lastText: string | null = null
  let modelSpoke = false
  let visible: boolean | null = null
  let interruptLine: number | null = null
  let stopReason: string | null = null
  let assistantError: AssistantErrorFacts | null = null
  let retry: RetryFacts | null = null
  let rateLimit: RateLimitFacts | null = null
  let refusalLine: number | null = null
  let modelFallback: ClaudeSummary['modelFallback'] = null
  let result: ResultFacts | null = null
  // What was seen in the turn that the result ended.
  let endedWith: Pick<RunFacts, 'assistantError' | 'refusalLine' | 'stopReason'> | null = null
  const count = {
    results: 0,
    numTurns: 0,
    durationMs: 0,
    durationApiMs: 0,
    retries: 0,
    denials: 0,
    compactions: 0,
    hooks: 0,
  }

  function system(value: JsonObject, line: number): void {
    turns.system(value)
    switch (textOf(value, 'subtype')) {
      case 'init':
        init = keepOfInit(value)
        initLine = line
        return
      case 'api_retry':
        count.retries++
        retry = readRetry(value, line)
        return
      case 'task_started':
        if (textOf(value, 'task_type') === 'local_agent')
          addSubagent(textOf(value, 'tool_use_id') ?? textOf(value, 'task_id'))
        return
      case 'model_fallback':
      case 'model_refusal_fallback':
        modelFallback = {
          from: textOf(value, 'original_model'),
          to: textOf(value, 'fallback_model'),
          trigger: textOf(value, 'trigger'),
        }
        return
      case 'model_refusal_no_fallback':
        refusalLine = line
        return
      case 'permission_denied':
        count.denials++
        return
      case 'compact_boundary':
        count.compactions++
        return
      case 'hook_response':
        count.hooks++
        return
      default:
    }
  }

  function assistant(value: JsonObject, line: number): void {
    const message = objectOf(value, 'message')
    const model = textOf(message, 'model')
    const parent = textOf(value, 'parent_tool_use_id')
    const own = parent === null
    if (!own) addSubagent(parent)
    const said: string[] = []
    let called = false
    for (const block of listOf(message, 'content')) {
      if (!isJsonObject(block)) continue
      const type = textOf(block, 'type')
      if (isToolCall(type)) {
        tools.add(textOf(block, 'name') ?? '(unnamed)')
        called = true
      } else if (type === 'text' && own) said.push(textOf(block, 'text') ?? '')
    }
    if (own) {
      interruptLine = null
      assistantError = readAssistantError(value, line)
      if (assistantError === null) {
        if (model !== synthetic) {
          modelSpoke = true
          visible = (visible ?? false) || called || said.some((one) => one.trim() !== '')
          stopReason = textOf(message, 'stop_reason')
          refusalLine = null
          retry = null
          if (model !== null) answeredBy = bounded(model, maxIdChars)
        }
        if (said.length > 0) lastText = bounded(said.join('\n'), maxResultChars)
      }
    }
    const usage = objectOf(message, 'usage')
    const id = textOf(message, 'id')
    if (usage && id !== null && model !== null && model !== synthetic) {
      ledger.message(bounded(id, maxIdChars), bounded(model, maxIdChars), usage)
    }
  }

  function streamEvent(value: JsonObject): void {
    const event = objectOf(value, 'event')
    const type = textOf(event, 'type')
    if (type === 'message_start') {
      const message = objectOf(event, 'message')
      const usage = objectOf(message, 'usage')
      const id = textOf(message, 'id')
      const model = textOf(message, 'model')
      if (usage && id !== null && model !== null)
        ledger.message(bounded(id, maxIdChars), bounded(model, maxIdChars), usage)
    } else if (type === 'message_delta') {
      const usage = objectOf(event, 'usage')
      const id = textOf(value, 'api_message_id')
      if (usage && id !== null) ledger.messageDelta(id, usage)
    } else if (type === 'content_block_delta' && textOf(value, 'parent_tool_use_id') === null) modelSpoke = true
  }

  function addSubagent(id: string | null): void {
    if (id !== null && subagents.size < maxSubagents) subagents.add(bounded(id, maxIdChars))
  }

  function ended(value: JsonObject, line: number): void {
    const facts = readResult(value, line, maxResultChars)
    turns.result(value)
    ledger.result(value)
    count.results++
    count.numTurns += facts.numTurns
    count.durationMs += facts.durationMs
    count.durationApiMs += facts.durationApiMs
    // A turn without a model (a local command, a blocked prompt) says nothing about the answer before it.
    const modelless =
      facts.subtype === 'success' && !facts.isError && facts.numTurns === 0 && (facts.result ?? '') === ''
    if (!isOfTaskAlone(value) && (result === null || !(modelless || isSpurious(facts, result)))) {
      result = facts
      endedWith = { assistantError, refusalLine, stopReason }
    }
    // What comes next belongs to another turn.
    assistantError = null
    refusalLine = null
    stopReason = null
  }

  return {
    event(kind, value, line) {
      lines.event(line)
      const session = textOf(value, 'session_id')
      if (session !== null && session !== sessionId) sessionId = bounded(session, maxIdChars)
      switch (kind) {
        case 'system':
          return system(value, line)
        case 'assistant':
          return assistant(value, line)
        case 'user':
          if (isInterruptMarker(value)) interruptLine = line
          return addSubagent(textOf(value, 'parent_tool_use_id'))
        case 'stream_event':
          return streamEvent(value)
        case 'rate_limit_event':
          rateLimit = readRateLimit(objectOf(value, 'rate_limit_info') ?? {}, line)
          return
        case 'result':
          return ended(value, line)
        case 'tool_progress':
        case 'tool_use_summary':
        case 'auth_status':
        case 'conversation_reset':
        case 'control':
        case 'prompt_suggestion':
        case 'keep_alive':
          return
        default: {
          const type = textOf(value, 'type') ?? '(no type)'
          const subtype = textOf(value, 'subtype')
          unknown.add(subtype === null ? type : `${type}/${subtype}`)
        }
      }
    },
    text: lines.text,
    cut: lines.cut,
    oversize: lines.oversize,
    get finished() {
      return turns.finished
    },
    get sessionId() {
      return sessionId
    },
    summary(end) {
      const verdict = judge(
        {
          result,
          events: lines.counts.events,
          lastLine: lines.counts.total,
          initLine,
          modelSpoke,
          visible,
          interruptLine,
          retry,
          rateLimit,
          ...(endedWith ?? { assistantError, refusalLine, stopReason }),
          finished: turns.finished,
          taskStopped: turns.taskStopped,
          turnOpen: turns.turnOpen,
          cut: lines.counts.cut,
          oversizeLines: lines.counts.oversize,
          stdoutText: lines.stdoutText,
        },
        end,
      )
      const requestedModel = textOf(init, 'model')
      const usage = ledger.report()
      return {
        sessionId,
        sessionStarted: init !== null,
        model: answeredBy ?? requestedModel ?? onlyModel(usage),
        requestedModel,
        result: result?.result ?? null,
        lastText,
        structuredOutput: result?.structuredOutput ?? null,
        ...usage,
        numTurns: count.numTurns,
        durationMs: count.results > 0 ? count.durationMs : null,
        durationApiMs: count.results > 0 ? count.durationApiMs : null,
        isError: verdict.code !== null,
        errorCode: verdict.code,
        errorMessage: verdict.message,
        evidence: verdict.evidence,
        toolCalls: tools.total,
        toolCallsByName: tools.toRecord(),
        subagents: subagents.size,
        unknownEvents: unknown.total,
        unknownTypes: unknown.toRecord(),
        finished: turns.finished,
        pendingTasks: turns.pendingTasks,
        results: count.results,
        lastResult: result,
        retries: count.retries,
        lastRetry: retry,
        rateLimit,
        retryNotBeforeMs: verdict.code === 'quota_exhausted' ? (rateLimit?.resetsAtMs ?? null) : null,
        modelFallback,
        permissionDenials: Math.max(count.denials, result?.permissionDenials ?? 0),
        compactions: count.compactions,
        hooks: count.hooks,
        cwd: textOf(init, 'cwd'),
        claudeCodeVersion: textOf(init, 'claude_code_version'),
        permissionMode: textOf(init, 'permissionMode'),
        apiKeySource: textOf(init, 'apiKeySource'),
        mcpServersDown: listOf(init, 'mcpServersDown').filter((name) => typeof name === 'string'),
        lines: { ...lines.counts },
      }
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

/** `--output-format json` prints no other line, so the model stands in the usage alone. */
function onlyModel({ usageByModel }: UsageReport): string | null {
  const [model, ...others] = Object.keys(usageByModel)
  return model !== undefined && others.length === 0 ? model : null
}

/** The few members of `init` that a summary shows; its lists are long and not kept. */
function keepOfInit(value: JsonObject): JsonObject {
  const kept: Record<string, unknown> = {}
  for (const key of ['model', 'cwd', 'claude_code_version', 'permissionMode', 'apiKeySource']) {
    const said = textOf(value, key)
    if (said !== null) kept[key] = bounded(said, 4_000)
  }
  kept['mcpServersDown'] = listOf(value, 'mcp_servers')
    .slice(0, 100)
    .filter((server) => isJsonObject(server) && memberOf(server, 'status') !== 'connected')
    .map((server) => bounded((isJsonObject(server) && textOf(server, 'name')) || '(unnamed)', 200))
  return kept
}
