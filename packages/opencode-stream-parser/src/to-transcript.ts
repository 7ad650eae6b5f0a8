import {
  isJsonObject,
  type JsonObject,
  memberOf,
  numberOf,
  objectOf,
  parseJson,
  textOf,
} from '@agent-jobs/stream-parser-core'
import { readError } from './error-facts.ts'
import { readEvent } from './read-event.ts'
import { createStepLedger } from './step-ledger.ts'
import type { TranscriptEntry } from './transcript-entry.ts'

/**
 * The entries that a user interface shows for one line. Pure: the same line and time give the same entries.
 * A line that is no JSON, or of a type that is not known, is shown as it is.
 *
 * @example
 * toTranscript('{"type":"text","part":{"type":"text","text":"Hello"}}', '2026-11-21T09:00:00Z')
 */
export function toTranscript(line: string, ts: string, stream: 'stdout' | 'stderr' = 'stdout'): TranscriptEntry[] {
  if (line.trim() === '') return []
  if (stream === 'stderr') return [{ kind: 'stderr', ts, text: line }]
  const value = parseJson(line)
  if (!isJsonObject(value)) return [{ kind: 'stdout', ts, text: line }]
  const part = objectOf(value, 'part')
  const { kind } = readEvent(value, 0)
  switch (kind) {
    case 'step_start':
      return []
    case 'text':
      return [
        { kind: memberOf(part, 'synthetic') === true ? 'user' : 'assistant', ts, text: textOf(part, 'text') ?? '' },
      ]
    case 'reasoning':
      return [{ kind: 'thinking', ts, text: textOf(part, 'text') ?? '' }]
    case 'tool_use':
      return toolEntries(part, ts)
    case 'step_finish':
      return [stepEntry(part, ts)]
    case 'error': {
      const error = readError(value, 0)
      const status = error.status === null ? '' : ` ${error.status}`
      return [{ kind: 'system', ts, text: `${error.name}${status}: ${error.message}` }]
    }
    default:
      return [{ kind: 'stdout', ts, text: line }]
  }
}

/** A call is printed once, at its end, so one line makes two entries. */
function toolEntries(part: JsonObject | null, ts: string): TranscriptEntry[] {
  const name = textOf(part, 'tool') ?? ''
  const toolUseId = textOf(part, 'callID') ?? ''
  const state = objectOf(part, 'state')
  const failed = textOf(state, 'status') === 'error'
  const exit = numberOf(objectOf(state, 'metadata'), 'exit')
  return [
    { kind: 'tool_call', ts, name, input: memberOf(state, 'input') ?? null, toolUseId },
    {
      kind: 'tool_result',
      ts,
      toolUseId,
      toolName: name,
      content: (failed ? textOf(state, 'error') : textOf(state, 'output')) ?? '',
      isError: failed || name === 'invalid' || (exit !== null && exit !== 0),
    },
  ]
}

function stepEntry(part: JsonObject | null, ts: string): TranscriptEntry {
  const { usage, costUsd, reason } = createStepLedger().finish(part ?? {}, 0)
  return {
    kind: 'result',
    ts,
    text: '',
    inputTokens: usage.inputTokens + usage.cacheCreationInputTokens,
    outputTokens: usage.outputTokens,
    cachedTokens: usage.cacheReadInputTokens,
    costUsd,
    subtype: reason,
    isError: reason === 'content-filter' || reason === 'error',
    errors: [],
  }
}
