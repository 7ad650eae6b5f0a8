import { describe, expect, it } from 'vitest'
import { createStreamParser, type StreamParser, type StreamParserOptions } from './create-stream-parser.ts'
import { isJsonObject, type JsonObject, textOf } from './json.ts'
import type { LineEvent } from './line-event.ts'
import type { ProcessEnd } from './process-end.ts'

type Event =
  | { readonly kind: 'object'; readonly line: number; readonly value: JsonObject }
  | { readonly kind: 'text'; readonly line: number; readonly text: string }
  | LineEvent

interface Summary {
  readonly recorded: readonly unknown[]
  readonly end: ProcessEnd
  readonly maxResultChars: number
}

function makeParser(options: StreamParserOptions<Event> = {}, arrays = false): StreamParser<Summary> {
  return createStreamParser<Event, Summary>(options, {
    createRecorder({ maxResultChars }) {
      const recorded: unknown[] = []
      let sessionId: string | null = null
      return {
        event(kind, value, line) {
          recorded.push([kind, value, line])
          sessionId ??= textOf(value, 'session')
        },
        text: (text, line) => recorded.push(['text', text, line]),
        cut: (line) => recorded.push(['cut', line]),
        oversize: (line) => recorded.push(['oversize', line]),
        get finished() {
          return recorded.length > 0
        },
        get sessionId() {
          return sessionId
        },
        summary: (end) => ({ recorded: [...recorded], end, maxResultChars }),
      }
    },
    readEvent: (value, line) => ({ kind: 'object', line, value }),
    textEvent: (text, line) => ({ kind: 'text', line, text }),
    ...(arrays ? { objectsIn: (value) => (Array.isArray(value) ? value.filter(isJsonObject) : []) } : {}),
    fedAfterEnd: () => new Error('fed after end'),
  })
}

describe('a stream parser', () => {
  it('tells JSON, text, broken and oversize lines apart, counts them all and records what it hands on', () => {
    const events: Event[] = []
    const parser = makeParser({ onEvent: (event) => events.push(event), maxLineBytes: 50 })
    parser.feed(`{"a":1}\nwarning\r\n\n42\n${'x'.repeat(60)}\n{"b":`)
    const { recorded } = parser.end()
    expect(events).toEqual([
      { kind: 'object', line: 1, value: { a: 1 } },
      { kind: 'text', line: 2, text: 'warning' },
      { kind: 'text', line: 4, text: '42' },
      { kind: 'oversize', line: 5, bytes: 60, head: 'x'.repeat(15) },
      { kind: 'cut', line: 6, text: '{"b":' },
    ])
    expect(recorded).toEqual([
      ['object', { a: 1 }, 1],
      ['text', 'warning', 2],
      ['text', '42', 4],
      ['oversize', 5],
      ['cut', 6],
    ])
  })

  it.each([
    ['{"a":1}', 'object'],
    ['plain words', 'text'],
    ['42', 'text'],
    ['[{"a":1}]', 'text'],
    ['[1', 'cut'],
  ])('takes a last line %s without a newline as %s', (last, kind) => {
    const kinds: string[] = []
    const parser = makeParser({ onEvent: (event) => kinds.push(event.kind) })
    parser.feed(last)
    expect(kinds).toEqual([])
    parser.end()
    expect(kinds).toEqual([kind])
  })

  it('takes a broken line that has a newline for text', () => {
    const parser = makeParser()
    parser.line('{"a":')
    expect(parser.end().recorded).toEqual([['text', '{"a":', 1]])
  })

  it('takes the objects out of an array where the agent prints such', () => {
    const parser = makeParser({}, true)
    parser.feed('[{"a":1},2,{"b":2}]\n[3]\n')
    expect(parser.end().recorded).toEqual([
      ['object', { a: 1 }, 1],
      ['object', { b: 2 }, 1],
      ['text', '[3]', 2],
    ])
  })

  it('knows what its recorder knows', () => {
    const parser = makeParser({ maxResultChars: 7 })
    expect([parser.finished, parser.sessionId]).toEqual([false, null])
    parser.line('{"session":"s1"}')
    expect([parser.finished, parser.sessionId]).toEqual([true, 's1'])
    expect(parser.end()).toMatchObject({ end: {}, maxResultChars: 7 })
    expect(parser.end({ exitCode: 1 })).toMatchObject({ end: { exitCode: 1 } })
  })

  it('throws the first error of a listener when the chunk is done, and only once', () => {
    const heard: number[] = []
    const parser = makeParser({
      onEvent: ({ line }) => {
        heard.push(line)
        throw new RangeError(`listener at ${line}`)
      },
    })
    expect(() => parser.feed('a\nb\n')).toThrow(new RangeError('listener at 1'))
    expect(heard).toEqual([1, 2])
    parser.feed('c')
    expect(() => parser.end()).toThrow(new RangeError('listener at 3'))
    expect(parser.end().recorded).toHaveLength(3)
  })

  it('takes nothing after the end', () => {
    const parser = makeParser()
    parser.feed('a')
    parser.end()
    expect(() => parser.feed('b')).toThrow('fed after end')
    expect(() => parser.line('b')).toThrow('fed after end')
    expect(parser.end().recorded).toEqual([['text', 'a', 1]])
  })

  it.each(['maxLineBytes', 'maxResultChars'])('refuses a %s that bounds nothing', (name) => {
    expect(() => makeParser({ [name]: 0 })).toThrow(
      new TypeError(`Expected \`${name}\` to be a positive number, got \`0\``),
    )
  })
})
