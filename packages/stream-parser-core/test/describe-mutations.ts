import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agentErrorCodes } from '../src/agent-error-code.ts'
import { isJsonObject, parseJson } from '../src/json.ts'
import type { Recording } from './read-recordings.ts'

interface Summary {
  readonly errorCode: string | null
  readonly toolCalls: number
}

interface Parser<Sum extends Summary> {
  feed(chunk: Uint8Array | string): void
  end(end?: Recording['end']): Sum
}

/** What {@link describeMutations} needs of one package. */
export interface MutationOptions<Sum extends Summary> {
  readonly createParser: () => Parser<Sum>
  readonly recordings: readonly Recording[]
  /** What a mutation that says nothing new must leave as it was. */
  readonly gist: (summary: Sum) => unknown
  /** Tool calls that the lines hold, counted without the parser. */
  readonly countToolCalls: (lines: readonly Record<string, unknown>[]) => number
  /** The lines hold an end by which a run may have succeeded. */
  readonly hasEnd: (lines: readonly Record<string, unknown>[]) => boolean
}

// What other programs print into the same stream.
const noise = [
  '(node:17) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.',
  '\u001b[33mwarning\u001b[0m something \u001b[1mbold\u001b[0m',
  '    at Object.<anonymous> (/app/index.js:1:1)',
  '{ not: "json" }',
  '[{"type":',
  'null',
  '42',
  '[]',
  '"result"',
  '\u0000\u0000\u0000',
  '\ufffd\ud83d',
  '',
  '   ',
  '\r',
  '{"type":"brand_new_event","subtype":"of_tomorrow","payload":{"type":"result","is_error":true}}',
  '{"kind":"no type at all"}',
  '{"type":7}',
  '{}',
  `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  'x'.repeat(300_000),
]

/** Tests that a parser bears what happens to output on its way, and judges a cut one by what is left of it. */
export function describeMutations<Sum extends Summary>(options: MutationOptions<Sum>): void {
  const { createParser, gist, countToolCalls, hasEnd } = options
  const small = options.recordings.filter(({ stdout, lines }) => stdout.length < 60_000 && lines.length > 0)
  const asLines = small.filter(({ stdout }) => stdout.at(0) !== 0x5b && stdout.at(-1) === 0x0a)
  const text = ({ stdout }: Recording): string => new TextDecoder().decode(stdout)

  function parse(content: Uint8Array | string, end?: Recording['end']): Sum {
    const parser = createParser()
    parser.feed(content)
    return parser.end(end)
  }

  const any = fc.constantFrom(...small)
  const whole = fc.constantFrom(...asLines)

  describe('output that was changed on its way', () => {
    it('cut anywhere gives a verdict, a success only with an end, and every tool call up to there', () => {
      fc.assert(
        fc.property(any, fc.nat(60_000), (recording, at) => {
          const head = recording.stdout.slice(0, at % (recording.stdout.length + 1))
          const summary = parse(head)
          const lines = new TextDecoder()
            .decode(head)
            .split('\n')
            .flatMap((line) => {
              const value = parseJson(line)
              return isJsonObject(value) ? [value] : []
            })
          const allowed = hasEnd(lines) ? [null, ...agentErrorCodes] : agentErrorCodes
          expect(allowed).toContain(summary.errorCode)
          expect(summary.toolCalls).toBe(asLines.includes(recording) ? countToolCalls(lines) : summary.toolCalls)
        }),
        { numRuns: 300 },
      )
    })

    it('with other programs’ lines between says the same', () => {
      const insertions = fc.array(fc.tuple(fc.nat(1000), fc.constantFrom(...noise)), { minLength: 1, maxLength: 6 })
      fc.assert(
        fc.property(whole, insertions, (recording, more) => {
          const lines = text(recording).trimEnd().split('\n')
          for (const [at, line] of more) lines.splice(at % (lines.length + 1), 0, line)
          expect(gist(parse(`${lines.join('\n')}\n`, recording.end))).toEqual(
            gist(parse(recording.stdout, recording.end)),
          )
        }),
        { numRuns: 150 },
      )
    })

    it('with members of tomorrow in every line says the same', () => {
      const value = fc.jsonValue({ maxDepth: 2 })
      fc.assert(
        fc.property(whole, value, (recording, tomorrow) => {
          const lines = text(recording)
            .trimEnd()
            .split('\n')
            .map((line) => {
              const parsed = parseJson(line)
              return isJsonObject(parsed) ? JSON.stringify({ of_tomorrow: tomorrow, ...parsed, also_new: 1 }) : line
            })
          expect(gist(parse(`${lines.join('\n')}\n`, recording.end))).toEqual(
            gist(parse(recording.stdout, recording.end)),
          )
        }),
        { numRuns: 100 },
      )
    })

    it.each([
      ['CRLF', (lines: string) => lines.replaceAll('\n', '\r\n')],
      ['a byte order mark', (lines: string) => `\ufeff${lines}`],
      ['empty lines', (lines: string) => `\n\n${lines.replaceAll('\n', '\n\n \n')}`],
      ['blanks around', (lines: string) => lines.replaceAll('\n', ' \t\n  ')],
      ['no last newline', (lines: string) => lines.trimEnd()],
    ])('with %s says the same', (_, change) => {
      for (const recording of asLines) {
        const changed = new TextEncoder().encode(change(text(recording)))
        const { name, end, stdout } = recording
        expect({ name, gist: gist(parse(changed, end)) }).toEqual({ name, gist: gist(parse(stdout, end)) })
      }
    })

    it('with any byte replaced never throws', () => {
      fc.assert(
        fc.property(any, fc.array(fc.tuple(fc.nat(60_000), fc.nat(255)), { maxLength: 20 }), (recording, changes) => {
          const bytes = recording.stdout.slice()
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte
          expect(() => parse(bytes)).not.toThrow()
        }),
        { numRuns: 300 },
      )
    })
  })
}
