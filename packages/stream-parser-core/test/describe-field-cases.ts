import { describe, expect, it } from 'vitest'
import type { FieldCase } from './read-field-cases.ts'

interface Entry {
  readonly kind: string
  readonly text?: unknown
}

/** What {@link describeFieldCases} needs of one package. */
export interface FieldCaseOptions {
  readonly cases: readonly FieldCase[]
  readonly parse: (one: FieldCase) => object
  readonly createTranscript: () => (line: string, ts: string) => readonly Entry[]
}

/**
 * Tests that each case is judged as its `expected.json` says. A list means one of these, `~text` contains the text, `>0` and
 * `>=0` compare, anything else is the value itself. `transcript`: `noraw` shows no JSON as it came, `once` shows one
 * entry of the assistant, `onecall` one tool call.
 */
export function describeFieldCases({ cases, parse, createTranscript }: FieldCaseOptions): void {
  const judged = cases.flatMap((one) => (one.expect === null ? [] : [{ ...one, expect: one.expect }]))

  describe('a case from the field', () => {
    it.each(judged)('$name is judged right', (one) => {
      const summary = parse(one)
      for (const [path, wanted] of Object.entries(one.expect)) {
        const got = valueAt(summary, path)
        const met = Array.isArray(wanted) ? wanted.some((item) => meets(got, item)) : meets(got, wanted)
        expect({ path, wanted, got, met }).toEqual({ path, wanted, got, met: true })
      }
    })

    it.each(judged.filter(({ transcript }) => transcript !== null))('$name is shown right', (one) => {
      const transcript = createTranscript()
      const entries = new TextDecoder()
        .decode(one.stdout)
        .split('\n')
        .flatMap((line) => transcript(line, '2026-11-29T00:00:00Z'))
      expect(shownAs(entries)).toContain(one.transcript)
    })
  })
}

/** All that a transcript is, in the words of `expected.json`. */
function shownAs(entries: readonly Entry[]): string[] {
  const of = (kind: string): Entry[] => entries.filter((entry) => entry.kind === kind)
  const raw = of('stdout').filter(({ text }) => String(text).trimStart().startsWith('{'))
  return [
    ...(raw.length === 0 ? ['noraw'] : []),
    ...(of('assistant').length === 1 ? ['once'] : []),
    ...(of('tool_call').length === 1 ? ['onecall'] : []),
  ]
}

function meets(got: unknown, wanted: unknown): boolean {
  if (wanted === '>0') return typeof got === 'number' && got > 0
  if (wanted === '>=0') return typeof got === 'number' && got >= 0
  if (typeof wanted === 'string' && wanted.startsWith('~')) return String(got).includes(wanted.slice(1))
  return JSON.stringify(got) === JSON.stringify(wanted)
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined), value)
}
