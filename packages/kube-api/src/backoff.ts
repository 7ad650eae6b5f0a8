/** Bounds of a backoff with full jitter. */
export interface BackoffOptions {
  /** Upper bound of the first wait. */
  readonly baseMs: number
  /** Upper bound of any wait. */
  readonly maxMs: number
}

/**
 * Full jitter: a wait between zero and a ceiling that doubles with each attempt (0 is the first). A server's own wish
 * is a lower bound; the jitter comes on top, so that many clients told "1 s" do not come back in the same instant.
 */
export function backoffMs(
  attempt: number,
  { baseMs, maxMs }: BackoffOptions,
  random: () => number,
  retryAfterMs = 0,
): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30))
  return Math.round(retryAfterMs + random() * ceiling)
}
