/** When to try again: full jitter between 0 and a doubling bound, never before what the server asked for. */
export interface Backoff {
  /** The next wait in milliseconds. `retryAfterMs` is the server's wish and the least. */
  next(retryAfterMs?: number): number
  /** Something was read: the next trouble is a new one. */
  reset(): void
}

/**
 * Full jitter (AWS architecture blog, "Exponential backoff and jitter"): it spreads followers that lost the same
 * server better than any fixed step.
 */
export function createBackoff(o: { baseMs: number; capMs: number; random: () => number }): Backoff {
  let attempt = 0
  return {
    next(retryAfterMs = 0) {
      const bound = Math.min(o.capMs, o.baseMs * 2 ** Math.min(attempt, 30))
      attempt++
      return retryAfterMs + o.random() * bound
    },
    reset() {
      attempt = 0
    },
  }
}
