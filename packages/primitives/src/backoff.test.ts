import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs, createBackoff } from './backoff.ts'

describe('a backoff', () => {
  it('draws from zero to a ceiling that doubles up to the maximum', () => {
    const attempt = fc.nat(10_000)
    const random = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(attempt, random, fc.nat(10_000), fc.nat(100_000), fc.nat(60_000), (n, r, baseMs, maxMs, least) => {
        const wait = backoffMs(n, { baseMs, maxMs, random: () => r }, least)
        const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(n, 30))
        expect(wait).toBeCloseTo(least + r * ceiling, 3)
      }),
    )
  })

  it('starts again after a reset', () => {
    const backoff = createBackoff({ baseMs: 100, maxMs: 1_000, random: () => 1 })
    const waits = () => Array.from({ length: 6 }, () => backoff.next())
    expect(waits()).toEqual([100, 200, 400, 800, 1_000, 1_000])
    backoff.reset()
    expect(waits()).toEqual([100, 200, 400, 800, 1_000, 1_000])
  })

  it('adds its jitter to what the server asked for', () => {
    const backoff = createBackoff({ baseMs: 100, maxMs: 1_000, random: () => 0.5 })
    expect(backoff.next(3_000)).toBe(3_050)
  })

  it.each([NaN, -5, 0])('takes %s as no wish of the server', (wish) => {
    expect(backoffMs(0, { baseMs: 100, maxMs: 1_000, random: () => 1 }, wish)).toBe(100)
  })

  it('draws different waits by default', () => {
    const waits = Array.from({ length: 20 }, () => backoffMs(3, { baseMs: 1_000, maxMs: 60_000 }))
    expect(new Set(waits).size).toBeGreaterThan(1)
  })
})
