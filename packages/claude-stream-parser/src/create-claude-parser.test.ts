import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeChunking } from '@agent-jobs/stream-parser-core/test/describe-chunking.ts'
import { recording, recordings } from './__fixtures__/recordings.ts'
import { type ClaudeEvent, ClaudeParserError, createClaudeParser } from './index.ts'

function parse(
  chunks: readonly (Uint8Array | string)[],
  maxLineBytes?: number,
): { events: ClaudeEvent[]; summary: unknown } {
  const events: ClaudeEvent[] = []
  const parser = createClaudeParser({
    onEvent: (event) => events.push(event),
    ...(maxLineBytes === undefined ? {} : { maxLineBytes }),
  })
  for (const chunk of chunks) parser.feed(chunk)
  return { events, summary: parser.end() }
}

const json = (value: unknown): string => `${JSON.stringify(value)}\n`

describeChunking({
  createParser: createClaudeParser,
  recordings,
  byteByByteBelow: 12_000,
  large: ['big-answer', 'sigkill-midline'],
  byLine: 'tools-background',
})

describe('hostile input', () => {
  it('of random JSON in the place of every member never throws', () => {
    const lines = recordings.flatMap(({ lines: all }) => all.slice(0, 12))
    const mutated = fc
      .tuple(fc.constantFrom(...lines), fc.nat(30), fc.jsonValue({ maxDepth: 3 }))
      .map(([line, which, value]) => {
        const keys = Object.keys(line)
        return Object.assign({}, line, { [keys[which % keys.length] ?? 'type']: value })
      })
    fc.assert(
      fc.property(fc.array(mutated, { maxLength: 8 }), (values) => {
        expect(() => parse([values.map(json).join('')])).not.toThrow()
      }),
      { numRuns: 1000 },
    )
  })

  it('of random JSON inside a message never throws', () => {
    const message = fc.record({
      type: fc.constantFrom('assistant', 'user', 'stream_event', 'result', 'system', 'rate_limit_event'),
      subtype: fc.constantFrom(
        'init',
        'success',
        'task_started',
        'task_updated',
        'background_tasks_changed',
        'error_during_execution',
      ),
      message: fc.record({ content: fc.jsonValue(), usage: fc.jsonValue(), id: fc.jsonValue(), model: fc.jsonValue() }),
      event: fc.record({
        type: fc.constantFrom('message_start', 'message_delta'),
        message: fc.jsonValue(),
        usage: fc.jsonValue(),
      }),
      tasks: fc.jsonValue(),
      patch: fc.jsonValue(),
      errors: fc.jsonValue(),
      usage: fc.jsonValue(),
      modelUsage: fc.jsonValue(),
      model_usage_since_last_result: fc.jsonValue(),
      rate_limit_info: fc.jsonValue(),
      permission_denials: fc.jsonValue(),
      mcp_servers: fc.jsonValue(),
    })
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), (values) => {
        expect(() => parse([values.map(json).join('')])).not.toThrow()
      }),
      { numRuns: 500 },
    )
  })

  it.each([10_000, 200_000])('of JSON nested %i deep never throws or hangs', (depth) => {
    const arrays = '['.repeat(depth) + ']'.repeat(depth)
    const objects = '{"type":'.repeat(depth) + '1' + '}'.repeat(depth)
    const inMessage = `{"type":"assistant","message":{"content":[{"type":"tool_use","input":${arrays}}]}}`
    const { events } = parse([`${arrays}\n${objects}\n${inMessage}\n`])
    expect(events).toHaveLength(3)
  })

  it('calls __proto__ a name like any other', () => {
    const line =
      '{"type":"assistant","__proto__":{"error":"billing_error"},"message":{"content":[{"type":"tool_use","name":"__proto__"}]}}\n' +
      '{"type":"result","subtype":"success","is_error":false,"result":"x","model_usage_since_last_result":{"__proto__":{"costUSD":1,"inputTokens":2}}}\n' +
      '{"type":"__proto__"}\n'
    const parser = createClaudeParser()
    parser.feed(line)
    const summary = parser.end()
    expect(summary.errorCode).toBeNull()
    expect(Object.keys(summary.toolCallsByName)).toEqual(['__proto__'])
    expect(Object.keys(summary.usageByModel)).toEqual(['__proto__'])
    expect(Object.keys(summary.unknownTypes)).toEqual(['__proto__'])
    expect(summary.usage.inputTokens).toBe(2)
    expect(({} as Record<string, unknown>)['error']).toBeUndefined()
  })

  it('keeps lone surrogates as they are', () => {
    const parser = createClaudeParser()
    parser.feed('{"type":"result","subtype":"success","is_error":false,"result":"\\ud83d end"}\n')
    expect(parser.end().result).toBe('\ud83d end')
  })

  it('drops a line over the bound, counts it and goes on', () => {
    const big = json({ type: 'user', message: { content: 'x'.repeat(5000) } })
    const { events, summary } = parse(
      [big, json({ type: 'result', subtype: 'success', is_error: false, result: 'ok' })],
      1000,
    )
    expect(events.map(({ kind }) => kind)).toEqual(['oversize', 'result'])
    expect(summary).toMatchObject({ errorCode: null, lines: { oversize: 1, total: 2 } })
  })

  it('keeps no more of a result than it was told to', () => {
    const parser = createClaudeParser({ maxResultChars: 100 })
    parser.feed(json({ type: 'result', subtype: 'success', is_error: false, result: 'y'.repeat(10_000) }))
    expect(parser.end().result).toHaveLength(100)
  })

  it('counts names without end under one name', () => {
    const parser = createClaudeParser()
    for (let i = 0; i < 5000; i++) {
      parser.feed(json({ type: 'assistant', message: { content: [{ type: 'tool_use', name: `tool-${i}` }] } }))
      parser.feed(json({ type: `novelty-${i}` }))
    }
    const summary = parser.end()
    expect(summary).toMatchObject({ toolCalls: 5000, unknownEvents: 5000 })
    expect(Object.keys(summary.toolCallsByName)).toHaveLength(201)
    expect(summary.unknownTypes['(other)']).toBe(4800)
  })
})

describe('lines between', () => {
  const result = json({ type: 'result', subtype: 'success', is_error: false, result: 'ok' })

  it('that are not JSON are passed on as text and change nothing', () => {
    const { events, summary } = parse(['warning: x\r\n', '42\n"a"\nnull\n', '{"type":"novelty","a":1}\n', '\n', result])
    expect(events.map(({ kind }) => kind)).toEqual(['text', 'text', 'text', 'text', 'unknown', 'result'])
    expect(events[0]).toEqual({ kind: 'text', line: 1, text: 'warning: x' })
    expect(events[4]).toMatchObject({ event: { type: 'novelty', value: { a: 1 } }, line: 5 })
    expect(summary).toMatchObject({ errorCode: null, unknownEvents: 1, lines: { text: 4, events: 2, total: 7 } })
  })

  it('of a known type without its essential member are unknown, not wrong', () => {
    const { events } = parse([
      '{"type":"assistant"}\n{"type":"user","message":{}}\n{"type":"result"}\n{"type":"system","subtype":"x"}\n',
    ])
    expect(events.map(({ kind }) => kind)).toEqual(['unknown', 'unknown', 'unknown', 'unknown'])
  })

  it('take a complete last line without a newline for what it is', () => {
    expect(parse([result.trimEnd()]).summary).toMatchObject({ errorCode: null, lines: { cut: false } })
  })

  it('say that the last line broke off', () => {
    const { events, summary } = parse([result.slice(0, 20)])
    expect(events).toMatchObject([{ kind: 'cut', line: 1 }])
    expect(summary).toMatchObject({ errorCode: 'truncated', lines: { cut: true } })
  })
})

describe('the handle', () => {
  it('knows session and finish while it runs', () => {
    const parser = createClaudeParser()
    expect(parser.sessionId).toBeNull()
    parser.line('{"type":"system","subtype":"init","session_id":"s1"}')
    expect(parser.sessionId).toBe('s1')
    expect(parser.finished).toBe(false)
    parser.line('{"type":"result","subtype":"success","is_error":false,"result":"ok","session_id":"s1"}')
    expect(parser.finished).toBe(true)
  })

  it('judges again when more is known about the end', () => {
    const parser = createClaudeParser()
    parser.feed(recording('sigterm-tool').stdout)
    expect(parser.end().errorCode).toBe('truncated')
    expect(parser.end({ exitCode: 143 }).errorCode).toBe('interrupted')
  })

  it('refuses to be fed after the end', () => {
    const parser = createClaudeParser()
    parser.end()
    expect(() => parser.feed('x')).toThrow(ClaudeParserError)
    expect(() => parser.line('x')).toThrow(/fed after end/)
  })

  it('takes the whole chunk before it throws what a listener threw', () => {
    const kinds: string[] = []
    const parser = createClaudeParser({
      onEvent: ({ kind }) => {
        kinds.push(kind)
        if (kinds.length === 1) throw new RangeError('listener')
      },
    })
    expect(() => parser.feed('a\nb\n')).toThrow(new RangeError('listener'))
    parser.feed('c\n')
    expect(kinds).toEqual(['text', 'text', 'text'])
    expect(parser.end().lines.text).toBe(3)
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d as a bound', (bound) => {
    expect(() => createClaudeParser({ maxLineBytes: bound })).toThrow(
      new TypeError(`Expected \`maxLineBytes\` to be a positive number, got \`${bound}\``),
    )
  })

  it('knows its own errors', () => {
    expect(ClaudeParserError.isInstance(new ClaudeParserError('fed_after_end', 'x'))).toBe(true)
    expect(ClaudeParserError.isInstance(new Error('x'))).toBe(false)
    expect(ClaudeParserError.isInstance(null)).toBe(false)
  })
})
