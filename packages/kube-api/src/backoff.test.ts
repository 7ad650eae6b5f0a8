import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { backoffMs } from './backoff.ts'

const bounds = { baseMs: 200, maxMs: 10_000 }

it('waits between zero and a ceiling that doubles', () => {
  expect([0, 1, 2, 5, 6, 50].map((attempt) => backoffMs(attempt, bounds, () => 1))).toEqual([
    200, 400, 800, 6_400, 10_000, 10_000,
  ])
  expect(backoffMs(3, bounds, () => 0)).toBe(0)
})

it('never comes back before the server wants it, nor much later', () => {
  fc.assert(
    fc.property(fc.nat(100), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(60_000), (attempt, luck, asked) => {
      const wait = backoffMs(attempt, bounds, () => luck, asked)
      expect(wait).toBeGreaterThanOrEqual(asked)
      expect(wait).toBeLessThanOrEqual(asked + bounds.maxMs)
    }),
  )
})
