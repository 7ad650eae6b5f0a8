/** When a message says that it may be tried again, as far as the message itself tells. */
export type RetryHint =
  /** So many ms after the message. */
  | { readonly kind: 'after'; readonly ms: number }
  /** At a time of day, on a date if the text has one. Without a zone it is the local time of the process. */
  | {
      readonly kind: 'at'
      readonly hour: number
      readonly minute: number
      readonly date: { readonly year: number; readonly month: number; readonly day: number } | null
      readonly zone: string | null
    }

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const durationPart = /(\d+(?:\.\d+)?)\s*(ms|seconds?|secs?|s|minutes?|mins?|m|hours?|h|days?|d)(?![a-z])/gi
const duration = /\b(?:try|retry) again in ((?:\s*(?:and\s+|,\s*)?\d+(?:\.\d+)?\s*[a-z]+)+)/i
const clock =
  /\btry again (?:at|on|after) (?:([A-Z][a-z]{2})[a-z]* (\d{1,2})(?:st|nd|rd|th)?,? (\d{4}),? (?:at )?)?(\d{1,2}):(\d{2})\s*([ap])\.?m\b\.?(?: \(?([A-Za-z]+(?:\/[A-Za-z_]+)*)\)?)?/i
const longestMs = 366 * 86_400_000

/** Reads "try again in 1.5s", "try again at 9:51 PM" and "try again at Dec 3rd, 2026 9:51 PM". */
export function readRetryHint(message: string): RetryHint | null {
  return readDuration(message) ?? readClock(message)
}

function readDuration(message: string): RetryHint | null {
  const text = duration.exec(message)?.[1]
  if (text === undefined) return null
  let ms = 0
  for (const [, amount, unit] of text.matchAll(durationPart)) ms += Number(amount) * unitMs(unit ?? '')
  return ms > 0 && ms <= longestMs ? { kind: 'after', ms: Math.ceil(ms) } : null
}

function unitMs(unit: string): number {
  const name = unit.toLowerCase()
  return units[name] ?? units[name.replace(/s$/, '')] ?? 0
}

function readClock(message: string): RetryHint | null {
  const found = clock.exec(message)
  if (!found) return null
  const [, monthName, day, year, hourText, minuteText, half, zoneName] = found
  const hour = Number(hourText)
  const minute = Number(minuteText)
  if (hour < 1 || hour > 12 || minute > 59) return null
  const month = months.indexOf((monthName ?? '').slice(0, 3).toLowerCase()) + 1
  if (monthName !== undefined && month === 0) return null
  return {
    kind: 'at',
    hour: (hour % 12) + (half?.toLowerCase() === 'p' ? 12 : 0),
    minute,
    date: month === 0 ? null : { year: Number(year), month, day: Number(day) },
    zone: zoneName !== undefined && isZone(zoneName) ? zoneName : null,
  }
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0)
    return true
  } catch {
    return false
  }
}

/**
 * The time that a hint means, in ms since 1970. A time of day without a date is the next one after `saidAtMs`; the CLI
 * names minutes, so a time in the minute of the message is not the next day's.
 */
export function retryTime(hint: RetryHint, { saidAtMs, timeZone }: { saidAtMs: number; timeZone: string }): number {
  if (hint.kind === 'after') return saidAtMs + hint.ms
  const zone = hint.zone ?? timeZone
  const today = wallClock(saidAtMs, zone)
  const { year, month, day } = hint.date ?? today
  const at = instantOf({ year, month, day, hour: hint.hour, minute: hint.minute }, zone)
  if (hint.date !== null || at >= saidAtMs - 60_000) return at
  const next = new Date(Date.UTC(year, month - 1, day + 1))
  return instantOf(
    {
      year: next.getUTCFullYear(),
      month: next.getUTCMonth() + 1,
      day: next.getUTCDate(),
      hour: hint.hour,
      minute: hint.minute,
    },
    zone,
  )
}

/** When a message says that it may be tried again, in ms since 1970; null when it does not say. */
export function retryNotBefore(message: string, when: { saidAtMs: number; timeZone: string }): number | null {
  const hint = readRetryHint(message)
  return hint === null ? null : retryTime(hint, when)
}

interface WallClock {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
}

function wallClock(ms: number, timeZone: string): WallClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  return { year: part('year'), month: part('month'), day: part('day'), hour: part('hour'), minute: part('minute') }
}

/** The instant at which clocks of a zone show a time. Two steps, because the offset may change between guess and answer. */
function instantOf(time: WallClock, timeZone: string): number {
  const utc = ({ year, month, day, hour, minute }: WallClock): number => Date.UTC(year, month - 1, day, hour, minute)
  const wanted = utc(time)
  let guess = wanted
  for (let step = 0; step < 2; step++) guess += wanted - utc(wallClock(guess, timeZone))
  return guess
}
