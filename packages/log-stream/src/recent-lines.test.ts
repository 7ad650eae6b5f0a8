import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatHash, LineHash, parseHash } from './line-hash.ts'
import { RecentLines } from './recent-lines.ts'
import { ReplayMatcher } from './replay-matcher.ts'

const second = 1_000_000_000n

describe('the lines handed over last', () => {
  it('are every line of the window, and at most the capacity', () => {
    const recent = new RecentLines({ capacity: 1_000, overlapSeconds: 10 })
    for (let i = 0; i < 500; i++) recent.push(BigInt(i) * second, i, i)
    // Eleven seconds hold the window; some lines more are kept in any case.
    expect(recent.length).toBeLessThanOrEqual(17)
    for (let i = 0; i < 5_000; i++) recent.push(500n * second + BigInt(i), i, i)
    expect(recent.length).toBe(1_000)
    expect(recent.find(0, 500n * second + 4_999n, 4_999, 4_999)).toBe(999)
    expect(recent.find(0, 500n * second + 3_999n, 3_999, 3_999)).toBe(-1)
  })

  it('count the lines of their oldest nanosecond that are no longer kept', () => {
    const recent = new RecentLines({ capacity: 16, overlapSeconds: 10 })
    for (let i = 0; i < 100; i++) recent.push(7n, 1, i)
    expect(recent.before).toBe(84)
  })

  it('are recognised when they are sent again from anywhere, and what follows them is not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ step: fc.integer({ min: 0, max: 2 }), hash: fc.integer({ min: 0, max: 2 }) }), {
          minLength: 1,
          maxLength: 300,
        }),
        fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 20 }),
        (printed, after) => {
          let ns = second
          const lines = printed.map(({ step, hash }) => ({ ns: (ns += BigInt(step)), high: hash, low: hash }))
          const recent = new RecentLines({ capacity: 64, overlapSeconds: 10 })
          for (const line of lines) recent.push(line.ns, line.high, line.low)
          // The whole log is sent again, with new lines behind, some of the same nanosecond.
          const matcher = new ReplayMatcher(recent, undefined)
          const results = lines.map((line) => matcher.match(line))
          expect(results.at(-1)).toBe('last-known')
          expect(results.indexOf('last-known')).toBe(lines.length - 1)
          for (const hash of after) expect(matcher.match({ ns: ns + 1n, high: hash, low: hash })).toBe('unknown')
        },
      ),
    )
  })

  it('have hashes that do not depend on how the bytes came, and survive as text', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), (bytes, cut) => {
        const hash = new LineHash()
        hash.add(bytes, 0, bytes.length)
        const whole = hash.finish()
        hash.add(bytes, 0, cut % (bytes.length + 1))
        hash.add(bytes, cut % (bytes.length + 1), bytes.length)
        expect(hash.finish()).toEqual(whole)
        expect(parseHash(formatHash(...whole))).toEqual(whole)
      }),
    )
  })

  it('have hashes that tell lines apart', () => {
    const seen = new Set<string>()
    const hash = new LineHash()
    for (let i = 0; i < 200_000; i++) {
      const bytes = Buffer.from(`line ${i}`)
      hash.add(bytes, 0, bytes.length)
      seen.add(formatHash(...hash.finish()))
    }
    expect(seen.size).toBe(200_000)
  })
})
