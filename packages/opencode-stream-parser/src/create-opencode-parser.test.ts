import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeChunking } from '@agent-jobs/stream-parser-core/test/describe-chunking.ts'
import { recording, recordings } from './__fixtures__/recordings.ts'
import { isJsonObject, parseJson } from '@agent-jobs/stream-parser-core'
import { createFinishWatch } from '../../launcher/src/program/finish-watch.ts'
import { fieldRecording } from './__fixtures__/field-cases.ts'
import { createOpencodeParser, finishRule, type OpencodeEvent, OpencodeParserError } from './index.ts'

function parse(
  chunks: readonly (Uint8Array | string)[],
  maxLineBytes?: number,
): { events: OpencodeEvent[]; summary: unknown } {
  const events: OpencodeEvent[] = []
  const parser = createOpencodeParser({
    onEvent: (event) => events.push(event),
    ...(maxLineBytes === undefined ? {} : { maxLineBytes }),
  })
  for (const chunk of chunks) parser.feed(chunk)
  return { events, summary: parser.end() }
}

const json = (value: unknown): string => `${JSON.stringify(value)}\n`
const small = recordings.filter(({ stdout }) => stdout.length < 60_000)

describeChunking({
  createParser: createOpencodeParser,
  recordings,
  byteByByteBelow: 8_000,
  large: ['big-answer', 'big-answer-truncated', 'big-tool-output', 'sigkill-midline'],
  byLine: 'tools-edit',
})

describe('hostile input', () => {
  it('of random JSON in the place of every member never throws', () => {
    const type = fc.constantFrom('step_start', 'text', 'reasoning', 'tool_use', 'step_finish', 'error', 'novelty')
    const part = fc.record(
      {
        text: fc.jsonValue(),
        tool: fc.jsonValue(),
        state: fc.jsonValue(),
        reason: fc.jsonValue(),
        tokens: fc.jsonValue(),
        cost: fc.jsonValue(),
        messageID: fc.jsonValue(),
        metadata: fc.jsonValue(),
        synthetic: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    const data = fc.record({ message: fc.jsonValue(), responseBody: fc.jsonValue(), responseHeaders: fc.jsonValue() })
    const line = fc.record({
      type,
      timestamp: fc.jsonValue(),
      sessionID: fc.jsonValue(),
      part: fc.oneof(part, fc.jsonValue()),
      error: fc.oneof(fc.record({ name: fc.jsonValue(), data }), fc.jsonValue()),
    })
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (values) => {
        expect(() => parse([values.map(json).join('')])).not.toThrow()
      }),
      { numRuns: 1000 },
    )
  })

  it.each([10_000, 200_000])('of JSON nested %i deep never throws or hangs', (depth) => {
    const arrays = '['.repeat(depth) + ']'.repeat(depth)
    const input = `{"type":"tool_use","part":{"tool":"x","state":{"input":${arrays}}}}`
    expect(parse([`${arrays}\n${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}\n${input}\n`]).events).toHaveLength(3)
  })

  it('calls __proto__ a name like any other', () => {
    const parser = createOpencodeParser()
    parser.feed(
      '{"type":"tool_use","__proto__":{"a":1},"part":{"tool":"__proto__","state":{}}}\n{"type":"__proto__"}\n',
    )
    const summary = parser.end()
    expect(Object.keys(summary.toolCallsByName)).toEqual(['__proto__'])
    expect(Object.keys(summary.unknownTypes)).toEqual(['__proto__'])
  })

  it('drops a line over the bound, counts it and goes on', () => {
    const big = json({ type: 'text', part: { text: 'x'.repeat(5000) } })
    const { events, summary } = parse([big, json({ type: 'step_start', part: {} })], 1000)
    expect(events.map(({ kind }) => kind)).toEqual(['oversize', 'step_start'])
    expect(summary).toMatchObject({ lines: { oversize: 1, total: 2 } })
  })

  it('keeps no more of a text than it was told to', () => {
    const parser = createOpencodeParser({ maxResultChars: 100 })
    for (let i = 0; i < 50; i++) parser.feed(json({ type: 'text', part: { messageID: 'm', text: 'y'.repeat(1000) } }))
    expect(parser.end().result).toHaveLength(100)
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
      'step_start',
      'text',
      'step_finish',
    ])
    expect(events[0]).toEqual({ kind: 'plain', line: 1, text: '! a warning' })
    expect(summary).toMatchObject({ errorCode: null, unknownEvents: 1, lines: { text: 3 } })
  })

  it('of a known type without its essential member are unknown, not wrong', () => {
    const lines = ['step_start', 'text', 'reasoning', 'tool_use', 'step_finish', 'error'].map((type) => json({ type }))
    expect(new Set(parse(lines).events.map(({ kind }) => kind))).toEqual(new Set(['unknown']))
  })
})

describe('the handle', () => {
  it('knows session and finish while it runs', () => {
    const parser = createOpencodeParser()
    const seen: unknown[] = []
    for (const line of new TextDecoder().decode(recording('tool-bash').stdout).trimEnd().split('\n')) {
      parser.line(line)
      seen.push([parser.sessionId?.slice(0, 4), parser.finished])
    }
    expect(seen.slice(0, -1).every((one) => JSON.stringify(one) === '["ses_",false]')).toBe(true)
    expect(seen.at(-1)).toEqual(['ses_', true])
  })

  it('refuses to be fed after the end, and knows its error', () => {
    const parser = createOpencodeParser()
    parser.end()
    expect(() => parser.feed('x')).toThrow(OpencodeParserError)
    expect(OpencodeParserError.isInstance(new OpencodeParserError('fed_after_end', 'x'))).toBe(true)
    expect(OpencodeParserError.isInstance(undefined)).toBe(false)
  })

  it('takes the whole chunk before it throws what a listener threw', () => {
    const parser = createOpencodeParser({
      onEvent: () => {
        throw new RangeError('listener')
      },
    })
    expect(() => parser.feed('a\nb\n')).toThrow(new RangeError('listener'))
    expect(() => parser.end()).not.toThrow()
    expect(parser.end().lines.text).toBe(2)
  })

  it.each([0, -1, Number.NaN])('refuses %d as a bound', (bound) => {
    expect(() => createOpencodeParser({ maxResultChars: bound })).toThrow(
      /Expected `maxResultChars` to be a positive number/,
    )
  })
})

describe('the rule of the launcher', () => {
  it.each(small)('$name: is finished where the parser is', ({ stdout }) => {
    const parser = createOpencodeParser()
    const watch = createFinishWatch(finishRule)
    for (const line of new TextDecoder().decode(stdout).split('\n')) {
      if (!isJsonObject(parseJson(line))) continue
      parser.line(line)
      watch.stdout(Buffer.from(line), '.')
      expect({ line, finished: watch.finished }).toEqual({ line, finished: parser.finished })
    }
  })

  it('ends a run at its second step with an unknown reason', () => {
    const watch = createFinishWatch(finishRule)
    const seen = fieldRecording('real-o-abort').map((line) => {
      watch.stdout(Buffer.from(line), '.')
      return watch.looping
    })
    expect(seen.indexOf(true)).toBe(5)
  })

  it('does not end a run that calls tools, whatever its reasons are', () => {
    const watch = createFinishWatch(finishRule)
    const step = ['{"type":"step_start","sessionID":"s"}', '{"type":"tool_use","sessionID":"s"}']
    const finish = '{"type":"step_finish","sessionID":"s","part":{"reason":"unknown"}}'
    for (let n = 0; n < 10; n++) for (const line of [...step, finish]) watch.stdout(Buffer.from(line), '.')
    expect(watch.looping).toBe(false)
  })
})
