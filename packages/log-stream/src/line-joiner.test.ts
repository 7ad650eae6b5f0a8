import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JoinedLine, LineJoiner } from './line-joiner.ts'

function join(text: string, cuts: readonly number[], maxLineBytes: number): JoinedLine[] {
  const bytes = Buffer.from(text)
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  const joiner = new LineJoiner({ maxLineBytes, longLines: 'parts' })
  const lines: JoinedLine[] = []
  for (const [index, start] of [0, ...places].entries()) {
    const end = places[index] ?? bytes.length
    joiner.add(bytes.subarray(start, end), index === places.length, (line) => lines.push(line))
  }
  expect(joiner.open).toBe(false)
  return lines
}

const text = fc.string({ unit: 'grapheme', maxLength: 400 })

describe('the pieces of a line', () => {
  it('make the line again, whole in every character, however the bytes are cut', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat()), (line, cuts) => {
        expect(join(line, cuts, 1_000_000)).toEqual([{ text: line, bytes: Buffer.byteLength(line) }])
      }),
    )
  })

  it('make the same parts above the limit, however the bytes are cut, none longer than it', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat()), fc.integer({ min: 16, max: 64 }), (line, cuts, limit) => {
        const parts = join(line, cuts, limit)
        expect(parts.map((part) => part.text).join('')).toBe(line)
        expect(parts).toEqual(join(line, [], limit))
        for (const part of parts) expect(part.bytes).toBeLessThanOrEqual(limit)
        const named = parts.map((_, index) => ({ index, last: index === parts.length - 1 }))
        expect(parts.map((part) => part.part)).toEqual(parts.length > 1 ? named : [undefined])
      }),
    )
  })

  it('that are not valid UTF-8 are cut at the limit', () => {
    const joiner = new LineJoiner({ maxLineBytes: 16, longLines: 'parts' })
    const sizes: number[] = []
    joiner.add(Buffer.alloc(40, 0x80), true, (line) => sizes.push(line.bytes))
    expect(sizes).toEqual([16, 16, 8])
  })
})
