import { maxPayloadBytes } from '@agent-jobs/frames'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineSplitter } from './split-lines.ts'

function split(chunks: Buffer[]): { payload: Buffer; flag: string }[] {
  const parts: { payload: Buffer; flag: string }[] = []
  const splitter = createLineSplitter((payload, flag) => parts.push({ payload: Buffer.from(payload), flag }))
  for (const chunk of chunks) splitter.push(chunk)
  splitter.end()
  return parts
}
const shape = (...chunks: string[]): string[] =>
  split(chunks.map((chunk) => Buffer.from(chunk))).map(({ payload, flag }) => `${payload.toString()}${flag}`)
const sizes = (...lengths: number[]): string[] =>
  split([Buffer.from(lengths.map((length) => 'x'.repeat(length)).join('\n'))]).map(
    (p) => `${p.payload.length}${p.flag}`,
  )

describe('the line splitter', () => {
  it('returns each line once its newline has arrived, whatever the chunks', () => {
    expect(shape('on', 'e\ntw', 'o\n')).toEqual(['one.', 'two.'])
  })

  it('keeps empty lines', () => {
    expect(shape('\n\na\n', '\n')).toEqual(['.', '.', 'a.', '.'])
  })

  it('returns what is left at the end as a line without newline', () => {
    expect(shape('a\nb')).toEqual(['a.', 'b$'])
    expect(shape('a\n')).toEqual(['a.'])
    expect(shape()).toEqual([])
  })

  it('cuts at 8,000 bytes and never returns an empty last part', () => {
    expect(sizes(7999, 8000, 8001, 16_000, 16_001, 0)).toEqual([
      '7999.',
      '8000.',
      '8000+',
      '1.',
      '8000+',
      '8000.',
      '8000+',
      '8000+',
      '1.',
    ])
    expect(sizes(8000)).toEqual(['8000$'])
  })

  it('holds back nothing but the start of a line', () => {
    const seen: string[] = []
    const splitter = createLineSplitter((payload, flag) => seen.push(payload.toString() + flag))
    splitter.push(Buffer.from('whole\nhalf'))
    expect(seen).toEqual(['whole.'])
  })

  it('does not depend on a buffer that is used again', () => {
    const seen: string[] = []
    const splitter = createLineSplitter((payload, flag) => seen.push(payload.toString() + flag))
    const buffer = Buffer.from('abc')
    splitter.push(buffer)
    buffer.fill('x')
    splitter.push(Buffer.from('\n'))
    expect(seen).toEqual(['abc.'])
  })

  it('reproduces exactly the input, for any bytes in any chunks', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.constantFrom(0, 10, 13, 255), { maxLength: 300 }).map((list) => Uint8Array.from(list)),
      fc.nat(20_000).map((length) => new Uint8Array(length).fill(97)),
    )
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 12 }), (list) => {
        const chunks = list.map((item) => Buffer.from(item))
        const parts = split(chunks)
        const joined = parts.flatMap(({ payload, flag }) => (flag === '.' ? [payload, Buffer.from('\n')] : [payload]))
        expect(Buffer.concat(joined).equals(Buffer.concat(chunks))).toBe(true)
        expect(parts.every(({ payload }) => payload.length <= maxPayloadBytes && !payload.includes(10))).toBe(true)
        const flags = parts.map(({ flag }) => flag).join('')
        expect(flags).toMatch(/^([.+]*[.$])?$/)
        expect(parts.filter(({ flag, payload }) => flag === '+' && payload.length !== maxPayloadBytes)).toEqual([])
      }),
    )
  })
})
