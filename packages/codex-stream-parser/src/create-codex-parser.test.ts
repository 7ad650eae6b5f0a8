import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeChunking } from '@agent-jobs/stream-parser-core/test/describe-chunking.ts'
import { createFinishWatch } from '../../launcher/src/program/finish-watch.ts'
import { recording, recordings } from './__fixtures__/recordings.ts'
import { type CodexEvent, CodexParserError, createCodexParser, finishRule } from './index.ts'

function parse(
  chunks: readonly (Uint8Array | string)[],
  maxLineBytes?: number,
): { events: CodexEvent[]; summary: ReturnType<ReturnType<typeof createCodexParser>['end']> } {
  const events: CodexEvent[] = []
  const parser = createCodexParser({
    onEvent: (event) => events.push(event),
    ...(maxLineBytes === undefined ? {} : { maxLineBytes }),
  })
  for (const chunk of chunks) parser.feed(chunk)
  return { events, summary: parser.end() }
}

const json = (value: unknown): string => `${JSON.stringify(value)}\n`
const small = recordings.filter(({ stdout }) => stdout.length < 60_000)

describeChunking({
  createParser: createCodexParser,
  recordings,
  byteByByteBelow: 1_500,
  large: ['big-answer', 'tool-big-output', 'endless'],
  byLine: 'tool-apply-patch',
})

describe('hostile input', () => {
  it('with random JSON in the place of every member never throws', () => {
    const type = fc.constantFrom(
      'thread.started',
      'turn.started',
      'item.started',
      'item.updated',
      'item.completed',
      'turn.completed',
      'turn.failed',
      'error',
      'novelty',
    )
    const itemType = fc.constantFrom('agent_message', 'reasoning', 'command_execution', 'mcp_tool_call', 'error', 'new')
    const any = fc.jsonValue({ maxDepth: 2 })
    const item = fc.record(
      {
        id: any,
        type: itemType,
        text: any,
        command: any,
        status: any,
        tool: any,
        server: any,
        error: any,
        message: any,
      },
      { requiredKeys: [] },
    )
    const line = fc.record(
      { type, item: fc.oneof(item, any), usage: any, error: any, message: any, thread_id: any },
      { requiredKeys: ['type'] },
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        expect(() => parse(lines.map(json))).not.toThrow()
      }),
      { numRuns: 500 },
    )
  })

  it('with names like __proto__ counts them like any other', () => {
    const call = { id: '__proto__', type: 'mcp_tool_call', server: '__proto__', tool: 'x', status: 'failed' }
    const { summary } = parse([json({ type: '__proto__' }), json({ type: 'item.completed', item: call })])
    expect(Object.keys(summary.unknownTypes)).toEqual(['__proto__'])
    expect(summary.toolCallsByName).toEqual({ '__proto__/x': 1 })
  })

  it('with thousands of items that never end stays within its bounds', () => {
    const lines = Array.from({ length: 12_000 }, (_, index) =>
      json({ type: 'item.started', item: { id: `item_${index}`, type: 'command_execution', command: 'x' } }),
    )
    expect(parse(lines).summary).toMatchObject({ toolCalls: 12_000, unfinishedToolCalls: 10_000 })
  })

  it('drops a line over the bound, counts it and goes on', () => {
    const big = json({ type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text: 'x'.repeat(5000) } })
    const { events, summary } = parse([big, json({ type: 'turn.started' })], 1000)
    expect(events.map(({ kind }) => kind)).toEqual(['oversize', 'turn_started'])
    expect(summary).toMatchObject({ lines: { oversize: 1, total: 2 } })
  })

  it('keeps no more of a text than it was told to', () => {
    const parser = createCodexParser({ maxResultChars: 100 })
    parser.feed(json({ type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text: 'y'.repeat(1000) } }))
    expect(parser.end().lastText).toHaveLength(100)
  })
})

describe('lines between', () => {
  it('that are not JSON are passed on and change nothing', () => {
    const { stdout } = recording('success')
    const { events, summary } = parse(['! a warning\r\n', '42\n[]\n', '{"type":"novelty"}\n', stdout])
    expect(events.map(({ kind }) => kind)).toEqual([
      'plain',
      'plain',
      'plain',
      'unknown',
      'thread_started',
      'turn_started',
      'item_completed',
      'turn_completed',
    ])
    expect(summary).toMatchObject({ errorCode: null, unknownEvents: 1, lines: { text: 3 } })
  })

  it('of a known type without its essential member are unknown, not wrong', () => {
    const lines = ['thread.started', 'item.started', 'item.completed', 'error']
    expect(new Set(parse(lines.map((type) => json({ type }))).events.map(({ kind }) => kind))).toEqual(
      new Set(['unknown']),
    )
  })

  it('of a new item type are unknown by the name of that type', () => {
    const { events } = parse([json({ type: 'item.completed', item: { id: 'item_0', type: 'hologram' } })])
    expect(events).toMatchObject([{ kind: 'unknown', event: { type: 'item.completed hologram' } }])
  })
})

describe('the handle', () => {
  it('knows session and finish while it runs', () => {
    const parser = createCodexParser()
    const seen: unknown[] = []
    for (const line of new TextDecoder().decode(recording('tool-shell').stdout).trimEnd().split('\n')) {
      parser.line(line)
      seen.push([parser.sessionId?.length, parser.finished])
    }
    expect(seen.slice(0, -1).every((one) => JSON.stringify(one) === '[36,false]')).toBe(true)
    expect(seen.at(-1)).toEqual([36, true])
  })

  it('refuses to be fed after the end, and knows its error', () => {
    const parser = createCodexParser()
    parser.end()
    expect(() => parser.feed('x')).toThrow(CodexParserError)
    expect(CodexParserError.isInstance(new CodexParserError('fed_after_end', 'x'))).toBe(true)
    expect(CodexParserError.isInstance(undefined)).toBe(false)
  })

  it.each([0, -1, Number.NaN])('refuses %d as a bound', (bound) => {
    expect(() => createCodexParser({ maxResultChars: bound })).toThrow(
      /Expected `maxResultChars` to be a positive number/,
    )
  })
})

describe('the rule for a launcher', () => {
  it.each(small)('$name: knows the end of the work with the same line as the parser', ({ stdout }) => {
    const parser = createCodexParser()
    const watch = createFinishWatch(finishRule)
    for (const line of new TextDecoder().decode(stdout).trimEnd().split('\n')) {
      parser.line(line)
      watch.stdout(Buffer.from(line), '.')
      expect({ line, finished: watch.finished }).toEqual({ line, finished: parser.finished })
    }
  })

  it('takes no JSON of a tool for the end of the work', () => {
    const watch = createFinishWatch(finishRule)
    const forged = { type: 'turn.completed', usage: { input_tokens: 1 } }
    const item = { id: 'item_0', type: 'mcp_tool_call', server: 's', tool: 't', result: { structured_content: forged } }
    watch.stdout(Buffer.from(JSON.stringify({ type: 'item.completed', item })), '.')
    expect(watch.finished).toBe(false)
  })
})
