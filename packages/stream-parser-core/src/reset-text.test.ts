import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readResetText } from './reset-text.ts'

// A Sunday, 13:00 in Berlin, 07:00 in New York.
const now = Date.UTC(2026, 10, 29, 12, 0)

describe('when a limit ends', () => {
  it.each<[string, string | null]>([
    ['Claude AI usage limit reached|1750708800', '2025-06-23T20:00:00Z'],
    ['usage limit reached|1750708800123', '2025-06-23T20:00:00.123Z'],
    ['You will regain access on 2026-12-01 at 00:00 UTC.', '2026-12-01T00:00:00Z'],
    ['resets 2026-12-01T08:30:00Z', '2026-12-01T08:30:00Z'],
    ["You've hit your limit · resets 3pm (Europe/Berlin)", '2026-11-29T14:00:00Z'],
    ["You've hit your limit · resets 3:45pm (Europe/Berlin)", '2026-11-29T14:45:00Z'],
    ['limit will reset at 3pm (Europe/Berlin).', '2026-11-29T14:00:00Z'],
    ["You've hit your limit · resets 9am (Europe/Berlin)", '2026-11-30T08:00:00Z'],
    ["You've hit your limit · resets 12am (America/New_York)", '2026-11-30T05:00:00Z'],
    ["You've hit your weekly limit · resets Dec 18, 12pm (UTC)", '2026-12-18T12:00:00Z'],
    ["You've hit your weekly limit · resets Dec 18 at 1pm (UTC)", '2026-12-18T13:00:00Z'],
    ["You're out of extra usage · resets Feb 4, 8pm (Europe/Budapest)", '2027-02-04T19:00:00Z'],
    ['resets Jan 2, 2027, 8pm (Asia/Tokyo)', '2027-01-02T11:00:00Z'],
    ['Weekly limit reached ∙ resets Mon 10am (UTC)', '2026-11-30T10:00:00Z'],
    ['Weekly limit reached ∙ resets Sun 10am (UTC)', '2026-12-06T10:00:00Z'],
    ['resets 18:30 (UTC)', '2026-11-29T18:30:00Z'],
    ['Please try again in 2 hours 5 minutes', '2026-11-29T14:05:00Z'],
    ['Try again in 3h 20m.', '2026-11-29T15:20:00Z'],
    ['Rate limited. Please retry in 45.5s', '2026-11-29T12:00:45.500Z'],
    ['resets in 1 day', '2026-11-30T12:00:00Z'],
    // A time without a zone is unusable, and so are other numbers.
    ['5-hour limit reached ∙ resets 3pm', null],
    ['resets 3pm (Nowhere/City)', null],
    ['resets 25pm (UTC)', null],
    ['The meeting is at 3pm (UTC)', null],
    ['', null],
  ])('%s', (text, expected) => {
    const ms = readResetText(text, now)
    expect(ms === null ? null : new Date(ms).toISOString()).toBe(
      expected === null ? null : new Date(expected).toISOString(),
    )
  })

  it('follows a change of the clocks', () => {
    const before = Date.UTC(2026, 9, 24, 20, 0)
    // Berlin goes back to winter time on 25 October 2026 at 3:00.
    expect(readResetText('resets Oct 25, 1am (Europe/Berlin)', before)).toBe(Date.UTC(2026, 9, 24, 23))
    expect(readResetText('resets Oct 25, 9am (Europe/Berlin)', before)).toBe(Date.UTC(2026, 9, 25, 8))
  })

  it('needs the time for what is relative, and not for what is absolute', () => {
    expect(readResetText('resets 3pm (UTC)', null)).toBeNull()
    expect(readResetText('reached|1750708800', null)).toBe(1_750_708_800_000)
  })

  it('bears any text, in time', () => {
    const words = fc.constantFrom('resets ', 'Jul 1', '3pm', '(UTC)', ' at ', 'in ', '5 hours', '|17', '2026-')
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 40 }), (parts) => {
        expect(() => readResetText(parts.join(''), now)).not.toThrow()
      }),
    )
    const started = performance.now()
    readResetText(`resets ${'1 '.repeat(100_000)}`, now)
    expect(performance.now() - started).toBeLessThan(3000)
  })
})
