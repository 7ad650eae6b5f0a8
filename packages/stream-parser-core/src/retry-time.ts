import { isJsonObject, type JsonObject, memberOf } from './json.ts'
import { readResetText } from './reset-text.ts'

/** When a provider wants to be asked again. */
export interface RetryTime {
  /** From the error on. Null when neither it nor the time of the error is known. */
  readonly afterMs: number | null
  /** Milliseconds since 1970; null likewise. */
  readonly notBeforeMs: number | null
}

/** Where a provider may state it. */
export interface RetrySources {
  /** Response headers, names in any case. */
  readonly headers?: JsonObject | null
  /** Objects of the answer's body, the innermost first. */
  readonly objects?: readonly JsonObject[]
  /** Sentences; the last resort. */
  readonly messages?: readonly string[]
  /** When the error came, in milliseconds since 1970; null when it is not known. */
  readonly atMs: number | null
}

type Stated = { readonly afterMs: number } | { readonly notBeforeMs: number } | null

const longestMs = 400 * 24 * 3_600_000
const [earliestMs, latestMs] = [Date.UTC(2001, 0), Date.UTC(2100, 0)]

/** Reads it from the place that states it best; null where nothing does. */
export function readRetryTime({ headers, objects = [], messages = [], atMs }: RetrySources): RetryTime | null {
  const header = lowerCased(headers ?? null)
  const sent = timeOf(header.get('date')) ?? atMs
  const stated =
    span(numberIn(header.get('retry-after-ms'))) ??
    retryAfter(header.get('retry-after'), sent) ??
    firstOf(objects, fromBody) ??
    fromLimitHeaders(header) ??
    // OpenRouter hands on the provider's headers in the body.
    firstOf(objects, (object) => fromLimitHeaders(lowerCased(headersIn(object)))) ??
    firstOf(messages, (text) => moment(readResetText(text, atMs)))
  if (stated === null) return null
  if ('afterMs' in stated) return { afterMs: stated.afterMs, notBeforeMs: atMs === null ? null : atMs + stated.afterMs }
  return { afterMs: atMs === null ? null : Math.max(0, stated.notBeforeMs - atMs), notBeforeMs: stated.notBeforeMs }
}

function retryAfter(value: unknown, sentMs: number | null): Stated {
  const seconds = numberIn(value)
  if (seconds !== null) return span(seconds * 1000)
  const at = timeOf(value)
  if (at === null) return null
  return sentMs === null ? moment(at) : span(Math.max(0, at - sentMs))
}

function fromBody(object: JsonObject): Stated {
  for (const name of [
    'resets_in_seconds',
    'reset_after_seconds',
    'retry_after_seconds',
    'retry_after',
    'retryDelay',
    'retry_delay',
  ]) {
    const stated = span(spanIn(memberOf(object, name)))
    if (stated !== null) return stated
  }
  const ms = span(numberIn(memberOf(object, 'retry_after_ms')))
  if (ms !== null) return ms
  for (const name of ['resets_at', 'reset_at', 'resetsAt', 'resetAt', 'retry_at', 'reset_time', 'resetTime']) {
    const stated = moment(epochOf(memberOf(object, name)) ?? timeOf(memberOf(object, name)))
    if (stated !== null) return stated
  }
  return null
}

/** Headers that state limits on every answer: only the window that is used up counts. */
function fromLimitHeaders(header: ReadonlyMap<string, unknown>): Stated {
  const unified = moment(epochOf(header.get('anthropic-ratelimit-unified-reset')))
  if (unified !== null) return unified
  const windows = ['primary', 'secondary'].filter((name) => header.has(`x-codex-${name}-reset-after-seconds`))
  const used = windows.filter((name) => (numberIn(header.get(`x-codex-${name}-used-percent`)) ?? 0) >= 100)
  for (const name of [...used.toReversed(), ...windows]) {
    const seconds = numberIn(header.get(`x-codex-${name}-reset-after-seconds`))
    if (seconds !== null) return span(seconds * 1000)
  }
  for (const [name, value] of header) {
    const left = header.get(name.replace('reset', 'remaining'))
    if (!/^(?:x-ratelimit|ratelimit|anthropic-ratelimit)-.*reset|^(?:x-)?ratelimit-reset/.test(name)) continue
    if (left !== undefined && numberIn(left) !== 0) continue
    const stated = moment(epochOf(value) ?? timeOf(value)) ?? span(spanIn(value))
    if (stated !== null) return stated
  }
  return null
}

/** Milliseconds of seconds (`34`, `"34"`) or a duration (`34.5s`, `6m0s`, `1h2m`, `120ms`). */
function spanIn(value: unknown): number | null {
  const seconds = numberIn(value)
  if (seconds !== null) return seconds * 1000
  if (isJsonObject(value)) return spanIn(memberOf(value, 'seconds'))
  const parts =
    typeof value === 'string'
      ? /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/.exec(value.trim())
      : null
  if (parts === null || parts[0] === '') return null
  const [, days = 0, hours = 0, minutes = 0, rest = 0, ms = 0] = parts
  return (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(rest)) * 1000 + Number(ms)
}

function span(ms: number | null): Stated {
  return ms !== null && ms >= 0 && ms <= longestMs ? { afterMs: Math.round(ms) } : null
}

function moment(ms: number | null): Stated {
  return ms !== null && ms >= earliestMs && ms <= latestMs ? { notBeforeMs: ms } : null
}

/** Milliseconds since 1970 of seconds or milliseconds since then; null for what is too small to be either. */
function epochOf(value: unknown): number | null {
  const number = numberIn(value)
  if (number === null || number * 1000 < earliestMs) return null
  return number * 1000 > latestMs ? number : number * 1000
}

function numberIn(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  return typeof value === 'string' && /^\s*\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) : null
}

/** An HTTP date or an RFC 3339 time. */
function timeOf(value: unknown): number | null {
  if (typeof value !== 'string' || !/^(?:\d{4}-\d\d-\d\dT|[A-Z][a-z]{2},)/.test(value)) return null
  const ms = Date.parse(value)
  return Number.isFinite(ms) ? ms : null
}

function firstOf<Item>(items: readonly Item[], read: (item: Item) => Stated): Stated {
  for (const item of items) {
    const stated = read(item)
    if (stated !== null) return stated
  }
  return null
}

function headersIn(object: JsonObject): JsonObject | null {
  const headers = memberOf(object, 'headers')
  return isJsonObject(headers) ? headers : null
}

function lowerCased(headers: JsonObject | null): ReadonlyMap<string, unknown> {
  return new Map(
    Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value[0] : value]),
  )
}
