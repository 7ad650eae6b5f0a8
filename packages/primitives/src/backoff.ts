/** Limits of a backoff. */
export interface BackoffOptions {
  /** Upper bound of the first wait, in milliseconds. */
  readonly baseMs: number
  /** Upper bound of every wait, in milliseconds. */
  readonly maxMs: number
  /** A number from 0 to 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined
}

/** The waits between retries of one operation. */
export interface Backoff {
  /**
   * The next wait in milliseconds. `atLeastMs` is what the server asked for (`Retry-After`): the jitter comes on top, so
   * that many clients told "1 s" do not return in the same instant.
   */
  next(atLeastMs?: number): number
  /** The operation succeeded: the next failure starts from `baseMs` again. */
  reset(): void
}

/**
 * The wait before retry `attempt` (0 is the first): full jitter between zero and a ceiling that doubles with each attempt,
 * at most `maxMs`, on top of `atLeastMs`.
 */
export function backoffMs(attempt: number, o: BackoffOptions, atLeastMs = 0): number {
  const { baseMs, maxMs, random = Math.random } = o
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30))
  // A header that is not a positive number asks for nothing.
  const least = atLeastMs > 0 ? atLeastMs : 0
  return least + random() * ceiling
}

/**
 * Counts the attempts for {@link backoffMs}.
 *
 * @example
 * ```ts
 * const backoff = createBackoff({ baseMs: 200, maxMs: 5_000 })
 * await clock.sleep(backoff.next(), signal)
 * ```
 */
export function createBackoff(options: BackoffOptions): Backoff {
  let attempt = 0
  return {
    next: (atLeastMs) => backoffMs(attempt++, options, atLeastMs),
    reset() {
      attempt = 0
    },
  }
}
