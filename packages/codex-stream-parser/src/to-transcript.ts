import {
  isJsonObject,
  type JsonObject,
  listOf,
  memberOf,
  numberOf,
  objectOf,
  parseJson,
  textOf,
} from '@agent-jobs/stream-parser-core'
import { toolName } from './item-ledger.ts'
import { readEvent } from './read-event.ts'
import { readTokens } from './thread-usage.ts'
import type { TranscriptEntry } from './transcript-entry.ts'

/**
 * The entries that a user interface shows for one line. Pure: the same line and time give the same entries.
 * A line that is not JSON, or of an unknown type, is shown as it is.
 *
 * @example
 * toTranscript('{"type":"turn.failed","error":{"message":"Quota exceeded."}}', '2026-11-29T20:00:00Z')
 */
export function toTranscript(line: string, ts: string, stream: 'stdout' | 'stderr' = 'stdout'): TranscriptEntry[] {
  if (line.trim() === '') return []
  if (stream === 'stderr') return [{ kind: 'stderr', ts, text: line }]
  const value = parseJson(line)
  if (!isJsonObject(value)) return [{ kind: 'stdout', ts, text: line }]
  const { kind } = readEvent(value, 0)
  const item = objectOf(value, 'item') ?? {}
  switch (kind) {
    case 'thread_started':
      return [{ kind: 'system', ts, text: `Thread ${textOf(value, 'thread_id') ?? ''}` }]
    case 'turn_started':
      return []
    case 'item_started':
      return startedEntries(item, ts)
    case 'item_updated':
      return textOf(item, 'type') === 'todo_list' ? [planEntry(item, ts)] : []
    case 'item_completed':
      return completedEntries(item, ts)
    case 'turn_completed':
      return [resultEntry(objectOf(value, 'usage') ?? {}, ts)]
    case 'turn_failed':
      return [failureEntry(textOf(objectOf(value, 'error'), 'message') ?? '', ts)]
    case 'error':
      return [{ kind: 'system', ts, text: textOf(value, 'message') ?? '' }]
    default:
      return [{ kind: 'stdout', ts, text: line }]
  }
}

function startedEntries(item: JsonObject, ts: string): TranscriptEntry[] {
  const type = textOf(item, 'type') ?? ''
  if (type === 'todo_list') return [planEntry(item, ts)]
  if (type === 'agent_message' || type === 'reasoning' || type === 'error') return []
  const toolUseId = textOf(item, 'id') ?? ''
  return [{ kind: 'tool_call', ts, name: toolName(type, item), input: toolInput(type, item), toolUseId }]
}

function completedEntries(item: JsonObject, ts: string): TranscriptEntry[] {
  const type = textOf(item, 'type') ?? ''
  const text = textOf(item, 'text') ?? ''
  switch (type) {
    case 'agent_message':
      return text === '' ? [] : [{ kind: 'assistant', ts, text }]
    case 'reasoning':
      return [{ kind: 'thinking', ts, text }]
    case 'error':
      return [{ kind: 'system', ts, text: `Warning: ${textOf(item, 'message') ?? ''}` }]
    // The list was shown when it changed last.
    case 'todo_list':
      return []
    default:
      return [
        {
          kind: 'tool_result',
          ts,
          toolUseId: textOf(item, 'id') ?? '',
          toolName: toolName(type, item),
          content: toolOutput(type, item),
          isError: textOf(item, 'status') === 'failed',
        },
      ]
  }
}

function toolInput(type: string, item: JsonObject): unknown {
  switch (type) {
    case 'command_execution':
      return { command: textOf(item, 'command') ?? '' }
    case 'file_change':
      return { changes: listOf(item, 'changes') }
    case 'mcp_tool_call':
      return memberOf(item, 'arguments') ?? null
    case 'web_search':
      return memberOf(item, 'action') ?? { query: textOf(item, 'query') ?? '' }
    case 'collab_tool_call':
      return { prompt: textOf(item, 'prompt'), threads: listOf(item, 'receiver_thread_ids') }
    default:
      return item
  }
}

function toolOutput(type: string, item: JsonObject): string {
  switch (type) {
    case 'command_execution': {
      const exit = numberOf(item, 'exit_code')
      const output = textOf(item, 'aggregated_output') ?? ''
      return exit === null || exit === 0 ? output : `${output}\n[exit code ${exit}]`
    }
    case 'file_change':
      return changeLines(item)
    case 'mcp_tool_call':
      return textOf(objectOf(item, 'error'), 'message') ?? contentText(objectOf(item, 'result'))
    case 'collab_tool_call':
      return JSON.stringify(memberOf(item, 'agents_states') ?? {})
    default:
      return ''
  }
}

function changeLines(item: JsonObject): string {
  return listOf(item, 'changes')
    .filter(isJsonObject)
    .map((change) => `${textOf(change, 'kind') ?? ''} ${textOf(change, 'path') ?? ''}`)
    .join('\n')
}

function contentText(result: JsonObject | null): string {
  return listOf(result, 'content')
    .filter(isJsonObject)
    .map((part) => textOf(part, 'text') ?? `[${textOf(part, 'type') ?? 'content'}]`)
    .join('\n')
}

function planEntry(item: JsonObject, ts: string): TranscriptEntry {
  const lines = listOf(item, 'items')
    .filter(isJsonObject)
    .map((step) => `[${memberOf(step, 'completed') === true ? 'x' : ' '}] ${textOf(step, 'text') ?? ''}`)
  return { kind: 'system', ts, text: lines.join('\n') }
}

/** The line has the totals of the thread, and alone it does not tell what this run used; `thread_total` says so. */
function resultEntry(tokens: JsonObject, ts: string): TranscriptEntry {
  const usage = readTokens(tokens)
  return {
    kind: 'result',
    ts,
    text: '',
    inputTokens: usage.inputTokens + usage.cacheCreationInputTokens,
    outputTokens: usage.outputTokens,
    cachedTokens: usage.cacheReadInputTokens,
    costUsd: 0,
    subtype: 'thread_total',
    isError: false,
    errors: [],
  }
}

function failureEntry(message: string, ts: string): TranscriptEntry {
  const none = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0 }
  return { kind: 'result', ts, text: message, ...none, subtype: 'failed', isError: true, errors: [message] }
}
