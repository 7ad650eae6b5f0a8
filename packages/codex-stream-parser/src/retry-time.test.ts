import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readRetryHint, retryTime } from './retry-time.ts'
import { threadTime } from './thread-time.ts'

// A Sunday in winter.
const saidAtMs = Date.UTC(2026, 10, 29, 19, 50, 59)

const timeOf = (message: string, timeZone = 'UTC'): string | null => {
  const hint = readRetryHint(message)
  return hint === null ? null : new Date(retryTime(hint, { saidAtMs, timeZone })).toISOString()
}

describe('when to try again', () => {
  it.each<[string, string | null]>([
    ['try again at 9:51 PM.', '2026-11-29T21:51:00.000Z'],
    ['Try again at 7:51 PM', '2026-11-29T19:51:00.000Z'],
    ['or try again at 7:50 PM.', '2026-11-29T19:50:00.000Z'],
    ['try again at 7:49 PM.', '2026-11-30T19:49:00.000Z'],
    ['try again at 12:05 AM.', '2026-11-30T00:05:00.000Z'],
    ['try again at 12:05 PM.', '2026-11-30T12:05:00.000Z'],
    ['try again at Dec 3rd, 2026 9:51 PM.', '2026-12-03T21:51:00.000Z'],
    ['try again at Jan 1st, 2027 1:00 AM.', '2027-01-01T01:00:00.000Z'],
    ['try again at 9:51 PM (America/New_York).', '2026-11-30T02:51:00.000Z'],
    ['Please try again in 1.5s. Visit https://x', '2026-11-29T19:51:00.500Z'],
    ['Please try again in 250ms.', '2026-11-29T19:50:59.250Z'],
    ['Try again in 2 days 3 hours 4 minutes.', '2026-12-01T22:54:59.000Z'],
    ['Try again in 1 hour and 30 minutes.', '2026-11-29T21:20:59.000Z'],
    ['try again later', null],
    ['try again at 13:51 PM', null],
    ['try again in 0s', null],
    ['try again in 99999999999 days', null],
    ['', null],
  ])('%j is %s', (message, time) => expect(timeOf(message)).toBe(time))

  it('reads a time of day in the zone of the process', () => {
    expect(timeOf('try again at 9:51 PM.', 'Europe/Berlin')).toBe('2026-11-29T20:51:00.000Z')
    expect(timeOf('try again at 1:00 AM.', 'Pacific/Auckland')).toBe('2026-11-30T12:00:00.000Z')
  })

  it('of a time of day is always within a day', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(59), fc.constantFrom('AM', 'PM'), (hour, minute, half) => {
        const hint = readRetryHint(`try again at ${hour}:${String(minute).padStart(2, '0')} ${half}`)
        const at = hint === null ? 0 : retryTime(hint, { saidAtMs, timeZone: 'UTC' })
        expect(at).toBeGreaterThan(saidAtMs - 60_000)
        expect(at).toBeLessThanOrEqual(saidAtMs + 86_400_000)
      }),
    )
  })

  it('reads a hostile text in one pass', () => {
    expect(readRetryHint(`try again in ${'1 s '.repeat(4_000)}!`)).toEqual({ kind: 'after', ms: 4_000_000 })
    expect(readRetryHint('try again in '.repeat(1_000))).toBeNull()
    expect(readRetryHint(`try again in ${'1'.repeat(20_000)}`)).toBeNull()
  })
})

describe('the time in a thread id', () => {
  it.each<[string | null, number | null]>([
    ['01a228d8-f2e1-7872-a036-e1fbb3403739', Date.UTC(2026, 10, 29, 19, 47, 16, 321)],
    ['2f0a1b5c-0000-4000-8000-000000000000', null],
    ['x', null],
    [null, null],
  ])('of %s is %s', (id, time) => expect(threadTime(id)).toBe(time))
})
