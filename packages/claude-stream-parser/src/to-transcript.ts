import {
  createRecentSet,
  isJsonObject,
  type JsonObject,
  listOf,
  memberOf,
  numberOf,
  objectOf,
  parseJson,
  readObjects,
  textOf,
} from '@agent-jobs/stream-parser-core'
import { describeSystemLine } from './describe-system-line.ts'
import { readEvent } from './read-event.ts'
import { isToolCall, isToolResult } from './tool-blocks.ts'
import type { TranscriptEntry } from './transcript-entry.ts'

/**
 * The entries that a user interface shows for one line. Pure: the same line and time give the same entries.
 * A line that is not JSON, or of an unknown type, is shown as it is.
 *
 * @example
 * toTranscript('{"type":"assistant","message":{"content":[{"type":"text","text":"Hello"}]}}', '2026-11-21T09:00:00Z')
 */
export function toTranscript(line: string, ts: string, stream: 'stdout' | 'stderr' = 'stdout'): TranscriptEntry[] {
  if (line.trim() === '') return []
  if (stream === 'stderr') return [{ kind: 'stderr', ts, text: line }]
  const value = parseJson(line)
  if (isJsonObject(value)) return entriesOf(value, line, ts)
  if (value === undefined) return dirtyEntries(line, ts)
  // `--output-format json --verbose` prints all events as one array.
  if (Array.isArray(value) && value.some(isJsonObject)) {
    return value.flatMap((element) => (isJsonObject(element) ? entriesOf(element, '', ts) : []))
  }
  return [{ kind: 'stdout', ts, text: line }]
}

/** Terminal codes, two objects or half of one before another do not hide what the line says. */
function dirtyEntries(line: string, ts: string): TranscriptEntry[] {
  const { objects, rest } = readObjects(line)
  return [
    ...rest.map((text): TranscriptEntry => ({ kind: 'stdout', ts, text })),
    ...objects.flatMap((object) => entriesOf(object, '', ts)),
  ]
}

function entriesOf(value: JsonObject, line: string, ts: string): TranscriptEntry[] {
  const { kind } = readEvent(value, 0)
  switch (kind) {
    case 'system': {
      if (textOf(value, 'subtype') === 'init') {
        return [{ kind: 'init', ts, model: textOf(value, 'model') ?? '', sessionId: textOf(value, 'session_id') ?? '' }]
      }
      const text = describeSystemLine(value)
      return text === null ? [] : [{ kind: 'system', ts, text }]
    }
    case 'assistant':
    case 'user':
      return messageEntries(kind, value, ts)
    case 'result':
      return [resultEntry(value, ts)]
    case 'rate_limit_event': {
      const info = objectOf(value, 'rate_limit_info')
      const status = textOf(info, 'status')
      const text = `Usage limit ${textOf(info, 'rateLimitType') ?? ''}: ${status}`
      return status === 'allowed' ? [] : [{ kind: 'system', ts, text }]
    }
    // The whole message follows.
    case 'stream_event':
    case 'tool_progress':
    case 'auth_status':
    case 'control':
    case 'prompt_suggestion':
    case 'keep_alive':
      return []
    case 'active_goal': {
      const goal = objectOf(value, 'value')
      return goal === null ? [] : [{ kind: 'system', ts, text: `Goal: ${textOf(goal, 'condition') ?? ''}` }]
    }
    case 'conversation_reset':
      return [{ kind: 'system', ts, text: 'A new conversation begins' }]
    case 'tool_use_summary':
      return [{ kind: 'system', ts, text: textOf(value, 'summary') ?? '' }]
    default:
      // A line of a newer CLI says no more to a person as JSON than by its name.
      if (textOf(value, 'uuid') !== null && textOf(value, 'type') !== null)
        return [
          {
            kind: 'system',
            ts,
            text: `[${[textOf(value, 'type'), textOf(value, 'subtype')].filter(Boolean).join('/')}]`,
          },
        ]
      return [{ kind: 'stdout', ts, text: line === '' ? safeStringify(value) : line }]
  }
}

function messageEntries(kind: 'assistant' | 'user', value: JsonObject, ts: string): TranscriptEntry[] {
  const parent = textOf(value, 'parent_tool_use_id')
  const base = { ts, ...(parent === null ? {} : { parentToolUseId: parent }) }
  // An API error in the words of the CLI, not something that the model said.
  const speaker = kind === 'assistant' && textOf(value, 'error') !== null ? 'system' : kind
  const content = memberOf(objectOf(value, 'message'), 'content')
  if (typeof content === 'string') return content === '' ? [] : [{ ...base, kind: speaker, text: content }]
  const entries: TranscriptEntry[] = []
  for (const block of Array.isArray(content) ? content : []) {
    if (!isJsonObject(block)) continue
    const type = textOf(block, 'type')
    if (isToolCall(type)) {
      entries.push({
        ...base,
        kind: 'tool_call',
        name: textOf(block, 'name') ?? '',
        input: memberOf(block, 'input') ?? null,
        toolUseId: textOf(block, 'id') ?? '',
      })
      continue
    }
    if (isToolResult(type)) {
      entries.push({
        ...base,
        kind: 'tool_result',
        toolUseId: textOf(block, 'tool_use_id') ?? '',
        content: contentText(memberOf(block, 'content')),
        isError: memberOf(block, 'is_error') === true,
      })
      continue
    }
    switch (type) {
      case 'text':
        if (textOf(block, 'text')) entries.push({ ...base, kind: speaker, text: textOf(block, 'text') ?? '' })
        break
      case 'thinking':
        if (textOf(block, 'thinking'))
          entries.push({ ...base, kind: 'thinking', text: textOf(block, 'thinking') ?? '' })
        break
      default:
        entries.push({ ...base, kind: 'system', text: `[${type ?? 'block'}]` })
    }
  }
  return entries
}

function resultEntry(value: JsonObject, ts: string): TranscriptEntry {
  const usage = objectOf(value, 'usage')
  let costUsd = 0
  const since = objectOf(value, 'model_usage_since_last_result')
  for (const stats of Object.values(since ?? {})) costUsd += isJsonObject(stats) ? (numberOf(stats, 'costUSD') ?? 0) : 0
  return {
    kind: 'result',
    ts,
    text: textOf(value, 'result') ?? '',
    inputTokens: (numberOf(usage, 'input_tokens') ?? 0) + (numberOf(usage, 'cache_creation_input_tokens') ?? 0),
    outputTokens: numberOf(usage, 'output_tokens') ?? 0,
    cachedTokens: numberOf(usage, 'cache_read_input_tokens') ?? 0,
    // The total of a resumed session holds its earlier runs, so it is the second choice.
    costUsd: since ? costUsd : (numberOf(value, 'total_cost_usd') ?? 0),
    subtype: textOf(value, 'subtype') ?? '',
    isError: memberOf(value, 'is_error') === true,
    errors: listOf(value, 'errors').filter((error) => typeof error === 'string'),
  }
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((block) => {
      if (!isJsonObject(block)) return ''
      return textOf(block, 'text') ?? textOf(block, 'url') ?? `[${textOf(block, 'type') ?? 'block'}]`
    })
    .join('\n')
}

function safeStringify(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    // Nested deeper than the engine can follow.
    return '[object]'
  }
}

/** Makes the entries of one run's lines, each line and call once although it may be printed again. */
export type Transcript = (line: string, ts: string, stream?: 'stdout' | 'stderr') => TranscriptEntry[]

// A line is repeated soon, if at all; so many ids are more than enough.
const maxRecent = 4096

/**
 * {@link toTranscript} with a memory: a line with the `uuid` of an earlier one, and a tool call with the id of an earlier
 * one, give no entries. One for each run.
 *
 * @example
 * const transcript = createTranscript()
 * transcript('{"type":"assistant","uuid":"1","message":{"content":[{"type":"text","text":"Hi"}]}}', '2026-11-21T09:00:00Z')
 */
export function createTranscript(): Transcript {
  const lines = createRecentSet(maxRecent)
  const calls = createRecentSet(maxRecent)
  return (line, ts, stream = 'stdout') => {
    const value = stream === 'stdout' ? parseJson(line) : null
    if (isJsonObject(value) && !lines.isNew(textOf(value, 'uuid'))) return []
    const entries = toTranscript(line, ts, stream)
    return entries.filter((entry) => entry.kind !== 'tool_call' || calls.isNew(entry.toolUseId))
  }
}
