import { isJsonObject, type JsonObject, objectOf, textOf } from '@agent-jobs/stream-parser-core'
import { type RateLimitFacts, readRateLimit } from './run-facts.ts'

/** Keeps the last state of each window of the subscription. */
export interface RateLimits {
  /** A `rate_limit_info`, of an event or of an error. */
  info(info: JsonObject, line: number): void
  /** The window that refuses requests; the last one that was stated where none does. */
  readonly current: RateLimitFacts | null
}

const maxWindows = 32

/** See {@link RateLimits}. */
export function createRateLimits(): RateLimits {
  const windows = new Map<string, RateLimitFacts>()
  let last: RateLimitFacts | null = null

  function keep(type: string, facts: RateLimitFacts): void {
    if (windows.has(type) || windows.size < maxWindows) windows.set(type, facts)
  }

  return {
    info(info, line) {
      last = readRateLimit(info, line)
      for (const [type, window] of Object.entries(objectOf(info, 'unifiedWindows') ?? {})) {
        if (isJsonObject(window) && textOf(window, 'status') !== null) {
          keep(type, { ...readRateLimit(window, line), rateLimitType: type })
        }
      }
      keep(last.rateLimitType ?? '', last)
    },
    get current() {
      // Of two windows that refuse, the one that opens later decides.
      const rejected = [...windows.values()].filter(({ status }) => status === 'rejected')
      return rejected.sort((a, b) => (b.resetsAtMs ?? 0) - (a.resetsAtMs ?? 0))[0] ?? last
    },
  }
}
