import { describe, expect, it } from 'vitest'
import { recordings } from './__fixtures__/recordings.ts'
import { readEvent } from './read-event.ts'

describe('a line becomes a typed event', () => {
  it.each<[string, Record<string, unknown>]>([
    ['system', { type: 'system', subtype: 'init' }],
    ['system', { type: 'system', subtype: 'model_refusal_fallback' }],
    ['system', { type: 'system', subtype: 'hook_progress' }],
    ['assistant', { type: 'assistant', message: { content: [] } }],
    ['user', { type: 'user', message: { content: 'words' } }],
    ['user', { type: 'user', message: { content: [] } }],
    ['result', { type: 'result', subtype: 'success' }],
    ['stream_event', { type: 'stream_event', event: { type: 'message_stop' } }],
    ['rate_limit_event', { type: 'rate_limit_event', rate_limit_info: {} }],
    ['tool_progress', { type: 'tool_progress', tool_use_id: 'x' }],
    ['tool_use_summary', { type: 'tool_use_summary', summary: 'x' }],
    ['auth_status', { type: 'auth_status' }],
    ['unknown', { type: 'system', subtype: 'novelty' }],
    ['unknown', { type: 'system' }],
    ['unknown', { type: 'assistant', message: { content: 'words' } }],
    ['unknown', { type: 'assistant', message: null }],
    ['unknown', { type: 'user', message: { content: 4 } }],
    ['unknown', { type: 'result', subtype: 4 }],
    ['unknown', { type: 'stream_event', event: [] }],
    ['unknown', { type: 'rate_limit_event' }],
    ['unknown', { type: 'tool_progress' }],
    ['unknown', { type: 4 }],
    ['unknown', {}],
  ])('%s: %o', (kind, value) => {
    expect(readEvent(value, 7)).toMatchObject({ kind, line: 7 })
  })

  it('and keeps the object as it came', () => {
    const value = { type: 'system', subtype: 'status', status: null, extra: { a: 1 } }
    const event = readEvent(value, 1)
    expect(event).toEqual({ kind: 'system', line: 1, event: value })
  })

  it.each(recordings)('$name: every line of it has a type', ({ lines }) => {
    const kinds = new Set(lines.map((line) => readEvent(line, 1).kind))
    expect(kinds).not.toContain('unknown')
  })
})
