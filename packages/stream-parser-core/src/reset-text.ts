const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const dayMs = 24 * 3_600_000
const units: Readonly<Record<string, number>> = { d: dayMs, h: 3_600_000, m: 60_000, s: 1000 }

/**
 * When a limit ends, in milliseconds since 1970, from a sentence about it: an epoch behind `|`, a date and time in UTC, a
 * time of day with its time zone ("resets 3pm (Europe/Berlin)", "resets Jul 18, 12pm (UTC)"), or a span ("in 2 hours").
 * Null where it does not say, where a time has no zone, and where `nowMs` is needed and not known.
 */
export function readResetText(text: string, nowMs: number | null): number | null {
  return epochIn(text) ?? utcDateIn(text) ?? (nowMs === null ? null : (zonedTimeIn(text, nowMs) ?? spanIn(text, nowMs)))
}

function epochIn(text: string): number | null {
  const [, digits] = /\|\s*(\d{10}|\d{13})\b/.exec(text) ?? []
  if (digits === undefined) return null
  return digits.length === 10 ? Number(digits) * 1000 : Number(digits)
}

function utcDateIn(text: string): number | null {
  const date = /\b(\d{4})-(\d\d)-(\d\d)(?:T|,? (?:at )?)(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)? ?(?:UTC|GMT|Z)\b/.exec(text)
  if (date === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = date
    .slice(1)
    .map((part) => Number(part ?? 0))
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

const timeOfDay = String.raw`(\d{1,2})(?::(\d\d))? ?([ap])\.?m\b\.?|(\d{1,2}):(\d\d)(?![\d:])`
const date = String.raw`(?:(${months.join('|')})[a-z]* (\d{1,2})(?:, (\d{4}))?(?:,? (?:at )?| at )|(${weekdays.join('|')})[a-z]*,? (?:at )?)?`
const zoned = new RegExp(
  String.raw`\b(?:resets?|regain access|again|until|available)\b[^()]{0,40}?\b${date}(?:at )?(?:${timeOfDay})[^()]{0,20}\(([A-Za-z][\w+/-]*)\)`,
  'i',
)

function zonedTimeIn(text: string, nowMs: number): number | null {
  const found = zoned.exec(text)
  if (found === null) return null
  const [, monthName, day, year, weekday, hour12, minute12 = '0', half, hour24, minute24 = '0', zone = ''] = found
  const now = wallClock(nowMs, zone)
  if (now === null) return null
  const hour = hour12 === undefined ? Number(hour24) : (Number(hour12) % 12) + (half?.toLowerCase() === 'p' ? 12 : 0)
  const minute = hour12 === undefined ? Number(minute24) : Number(minute12)
  if (hour > 23 || minute > 59 || (hour12 !== undefined && (Number(hour12) < 1 || Number(hour12) > 12))) return null
  const at = (y: number, m: number, d: number): number | null => instantOf(Date.UTC(y, m, d, hour, minute), zone)
  if (monthName !== undefined) {
    const month = months.indexOf(monthName.toLowerCase().slice(0, 3))
    if (year !== undefined) return at(Number(year), month, Number(day))
    const thisYear = at(now.year, month, Number(day))
    // A date without a year that is long past is next year's.
    return thisYear !== null && thisYear < nowMs - 180 * dayMs ? at(now.year + 1, month, Number(day)) : thisYear
  }
  const ahead = weekday === undefined ? 0 : (weekdays.indexOf(weekday.toLowerCase().slice(0, 3)) - now.weekday + 7) % 7
  const next = at(now.year, now.month, now.day + ahead)
  return next !== null && next <= nowMs
    ? at(now.year, now.month, now.day + ahead + (weekday === undefined ? 1 : 7))
    : next
}

/** "in 2 hours 5 minutes", "in 3h 20m", "in 45s", "in 1 day". */
function spanIn(text: string, nowMs: number): number | null {
  const [, words] =
    /\b(?:resets?|try again|retry|available(?: again)?|wait|please retry) (?:in |after )((?:\d+(?:\.\d+)? ?(?:days?|hours?|hrs?|minutes?|mins?|seconds?|secs?|[dhms])\b[, ]*(?:and )?)+)/i.exec(
      text,
    ) ?? []
  if (words === undefined) return null
  let ms = 0
  for (const [, count, unit = ''] of words.matchAll(/(\d+(?:\.\d+)?) ?([dhms])/gi))
    ms += Number(count) * (units[unit.toLowerCase()] ?? 0)
  return ms > 0 ? nowMs + Math.round(ms) : null
}

interface WallClock {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly weekday: number
  /** What the clock on the wall shows, as if it were UTC. */
  readonly shownMs: number
}

/** What a clock in that time zone shows; null for a zone that does not exist. */
function wallClock(ms: number, zone: string): WallClock | null {
  let parts: Intl.DateTimeFormatPart[]
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    parts = format.formatToParts(ms)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0)
  const [year, month, day] = [of('year'), of('month') - 1, of('day')]
  const shownMs = Date.UTC(year, month, day, of('hour'), of('minute'), of('second'))
  return { year, month, day, weekday: new Date(shownMs).getUTCDay(), shownMs }
}

/** The moment at which a clock in that zone shows this time. */
function instantOf(shownMs: number, zone: string): number | null {
  let ms = shownMs
  // Twice: the offset at the first guess may be that of the other side of a change of the clocks.
  for (let pass = 0; pass < 2; pass++) {
    const clock = wallClock(ms, zone)
    if (clock === null) return null
    ms += shownMs - clock.shownMs
  }
  return ms
}
