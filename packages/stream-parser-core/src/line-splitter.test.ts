import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineSplitter } from './line-splitter.ts'

type Seen = ['line', string, boolean] | ['oversize', number, string]

function split(chunks: readonly (Uint8Array | string)[], maxLineBytes = 1_000_000): Seen[] {
  const seen: Seen[] = []
  const splitter = createLineSplitter(
    {
      line: (text, complete) => seen.push(['line', text, complete]),
      oversize: (bytes, head) => seen.push(['oversize', bytes, head]),
    },
    maxLineBytes,
  )
  for (const chunk of chunks) splitter.feed(chunk)
  splitter.end()
  return seen
}

/** Cuts at the given positions. */
function cut<T extends Uint8Array | string>(whole: T, at: readonly number[]): T[] {
  const cuts = [...new Set(at.map((position) => position % (whole.length + 1)))].sort((a, b) => a - b)
  const pieces: T[] = []
  let from = 0
  for (const to of [...cuts, whole.length]) {
    pieces.push(whole.slice(from, to) as T)
    from = to
  }
  return pieces
}

describe('the line splitter', () => {
  it('keeps empty lines and says that the last one is not complete', () => {
    expect(split(['a\n\nb'])).toEqual([
      ['line', 'a', true],
      ['line', '', true],
      ['line', 'b', false],
    ])
  })

  it('hands on nothing for nothing', () => {
    expect(split([])).toEqual([])
    expect(split(['', new Uint8Array(0)])).toEqual([])
  })

  it('puts a character together that a chunk cut', () => {
    const bytes = new TextEncoder().encode('naïve 🚀\n')
    expect(split(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual([['line', 'naïve 🚀', true]])
  })

  it('does not keep the buffer it was given', () => {
    const seen: string[] = []
    const splitter = createLineSplitter({ line: (text) => seen.push(text), oversize: () => {} }, 1000)
    const buffer = new TextEncoder().encode('abc')
    splitter.feed(buffer)
    buffer.fill(120)
    splitter.feed('d\n')
    expect(seen).toEqual(['abcd'])
  })

  it('drops a line over the bound, reports its length, and continues with the next', () => {
    expect(split([`${'x'.repeat(60)}\nok\n`], 50)).toEqual([
      ['oversize', 60, 'x'.repeat(15)],
      ['line', 'ok', true],
    ])
  })

  it('keeps a line that is exactly as long as the bound', () => {
    expect(split([`${'x'.repeat(50)}\n`], 50)).toEqual([['line', 'x'.repeat(50), true]])
  })

  it('lets go of an endless line', () => {
    const seen: Seen[] = []
    const splitter = createLineSplitter(
      { line: () => {}, oversize: (bytes, head) => seen.push(['oversize', bytes, head]) },
      1000,
    )
    for (let i = 0; i < 1000; i++) splitter.feed(new Uint8Array(10_000).fill(97))
    splitter.end()
    expect(seen).toEqual([['oversize', 10_000_000, 'a'.repeat(200)]])
  })

  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => array.map((byte) => (byte % 7 === 0 ? 10 : byte)))
  const positions = fc.array(fc.nat(400), { maxLength: 20 })

  it('gives the same lines for any bytes however they are cut', () => {
    fc.assert(
      fc.property(bytes, positions, fc.integer({ min: 1, max: 40 }), (whole, at, max) => {
        expect(split(cut(whole, at))).toEqual(split([whole]))
        expect(split(cut(whole, at), max)).toEqual(split([whole], max))
      }),
      { numRuns: 500 },
    )
  })

  it('gives the same lines for any string however it is cut, also between surrogates', () => {
    const unit = fc.constantFrom('a', '\n', 'é', '日', '\ud83d', '\ude80', '🚀', '\r', '\u2028')
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 60 }), positions, (units, at) => {
        const whole = units.join('')
        expect(split(cut(whole, at))).toEqual(split([whole]))
      }),
      { numRuns: 500 },
    )
  })

  it('gives the same lines for bytes as for the text they encode', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(split([new TextEncoder().encode(text)])).toEqual(split([text]))
      }),
    )
  })
})
