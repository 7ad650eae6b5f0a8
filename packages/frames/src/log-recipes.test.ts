import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseFrame } from './frame.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const recipe = (name: string) => read(`../../../monitoring/logs/${name}`)

// What the kubelet of a real cluster (Kubernetes 1.36, containerd) wrote for a command that printed to both streams.
const recorded = read('__fixtures__/container.log')
  .trimEnd()
  .split('\n')
  .map((line) => /^\S+ std(?:out|err) [FP] (.*)$/.exec(line)?.[1] ?? '')

const expressions: [string, string | undefined][] = [
  ['Vector', /parse_regex\(\.message, r'(.*)'\)/.exec(recipe('vector.yaml'))?.[1]],
  ['Fluent Bit', (parse(recipe('fluent-bit.yaml')) as { parsers: { regex: string }[] }).parsers[0]?.regex],
  ['Grafana Alloy', /expression = `(.*)`/.exec(recipe('alloy.river'))?.[1]],
]

describe.each(expressions)('the recipe for %s', (_collector, source = '') => {
  // Rust and Go write `(?P<name>`, Onigmo and JavaScript `(?<name>`; the rest is the same in all of them.
  const expression = new RegExp(source.replaceAll('(?P<', '(?<'), 'u')

  it('reads every frame of a recorded container log as this package does', () => {
    expect(recorded.length).toBeGreaterThan(8)
    for (const line of recorded) {
      const frame = parseFrame(Buffer.from(line))
      expect(frame).not.toBeNull()
      const { seq, stream, time, length, payload, flag } = expression.exec(line)?.groups ?? {}
      expect({ seq: Number(seq), stream, time: Number(time), payload, flag }).toEqual({
        seq: frame?.seq,
        stream: frame?.stream,
        time: frame?.time,
        payload: frame?.payload.toString(),
        flag: frame?.flag,
      })
      expect(Number(length)).toBe(frame?.payload.length)
    }
  })

  it.each([
    'plain text',
    '@aj1',
    '@aj1 1 o 5 hello',
    '@aj2 1 o 5 5 hello.',
    ' @aj1 1 o 5 5 hello.',
    '@aj1 x o 5 5 hello.',
  ])('leaves "%s" alone, which is not a frame', (line) => {
    expect(expression.test(line)).toBe(false)
  })
})

it('the recorded log joins to the lines that the command printed', () => {
  const lines: string[] = []
  let open = ''
  for (const line of recorded) {
    const frame = parseFrame(Buffer.from(line))
    if (frame?.stream !== 'o') continue
    open += frame.payload.toString()
    if (frame.flag === '+') continue
    lines.push(open)
    open = ''
  }
  expect(lines).toEqual([
    '{"type":"system","subtype":"init","session_id":"s-1"}',
    `{"text":"${'x'.repeat(9_000)}"}`,
    '',
    'ends with a dot.',
    'ends with a plus+ and umlauts äöü, spaces  and\ttab ',
    '{"type":"result","unterminated":true}',
  ])
})
