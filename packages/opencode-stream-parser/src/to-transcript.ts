import {
  createRecentSet,
  isJsonObject,
  type JsonObject,
  memberOf,
  numberOf,
  objectOf,
  parseJson,
  readObjects,
  textOf,
} from '@agent-jobs/stream-parser-core'
import { readError } from './error-facts.ts'
import { readEvent } from './read-event.ts'
import { createStepLedger } from './step-ledger.ts'
import type { TranscriptEntry } from './transcript-entry.ts'

/**
 * The entries that a user interface shows for one line. Pure: the same line and time give the same entries.
 * A line that is not JSON, or of an unknown type, is shown as it is.
 *
 * @example
 * toTranscript('{"type":"text","part":{"type":"text","text":"Hello"}}', '2026-11-21T09:00:00Z')
 */
export function toTranscript(line: string, ts: string, stream: 'stdout' | 'stderr' = 'stdout'): TranscriptEntry[] {
  if (line.trim() === '') return []
  if (stream === 'stderr') return [{ kind: 'stderr', ts, text: line }]
  const value = parseJson(line)
  if (isJsonObject(value)) return entriesOf(value, line, ts)
  if (value !== undefined) return [{ kind: 'stdout', ts, text: line }]
  // Terminal codes, two objects or half of one before another do not hide what the line says.
  const { objects, rest } = readObjects(line)
  return [
    ...rest.map((text): TranscriptEntry => ({ kind: 'stdout', ts, text })),
    ...objects.flatMap((object) => entriesOf(object, '', ts)),
  ]
}

function entriesOf(value: JsonObject, line: string, ts: string): TranscriptEntry[] {
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
      // A line of a newer OpenCode says no more to a person as JSON than by its name.
      if (textOf(value, 'sessionID') !== null && textOf(value, 'type') !== null)
        return [{ kind: 'system', ts, text: `[${textOf(value, 'type')}]` }]
      return [{ kind: 'stdout', ts, text: line === '' ? '[object]' : line }]
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

/** Makes the entries of one run's lines, each part and call once although OpenCode may print it again. */
export type Transcript = (line: string, ts: string, stream?: 'stdout' | 'stderr') => TranscriptEntry[]

// A part is printed again soon, if at all; so many ids are more than enough.
const maxRecent = 4096

/**
 * {@link toTranscript} with a memory: what has the id of an earlier part or call gives no entries. One for each run.
 *
 * @example
 * const transcript = createTranscript()
 * transcript('{"type":"text","part":{"id":"prt_1","type":"text","text":"Hello"}}', '2026-11-21T09:00:00Z')
 */
export function createTranscript(): Transcript {
  const ids = createRecentSet(maxRecent)
  return (line, ts, stream = 'stdout') => {
    const value = stream === 'stdout' ? parseJson(line) : null
    const part = isJsonObject(value) ? objectOf(value, 'part') : null
    const id = textOf(part, 'callID') ?? textOf(part, 'id')
    return id === null || ids.isNew(id) ? toTranscript(line, ts, stream) : []
  }
}
