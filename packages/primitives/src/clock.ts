/**
 * A source of time. Durations and points in time are separate members because a wall clock steps (NTP, suspend) and a
 * monotonic clock has no date.
 */
export interface Clock {
  /** Monotonic milliseconds from an arbitrary origin. Only differences mean anything; it never steps. */
  now(): number
  /** Milliseconds since the epoch, for timestamps that others see. It may step, so never measure a duration with it. */
  wallTime(): number
  /**
   * Resolves once {@link Clock.now} has advanced by at least `ms`. Rejects with the reason of `signal` when that aborts
   * first. Any duration is valid: a negative one is 0, and `Infinity` waits for the signal.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

// setTimeout turns a longer delay into 1 ms.
const maxTimerMs = 2_147_483_647

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  sleep(ms, signal) {
    return new Promise((resolve, reject) => {
      if (Number.isNaN(ms)) throw new TypeError('Expected `ms` to be a number, got `NaN`')
      if (signal?.aborted) throw signal.reason
      const deadline = performance.now() + ms
      let timer: ReturnType<typeof setTimeout> | undefined
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const check = (): void => {
        // A timer may fire up to a millisecond early, and never covers more than `maxTimerMs`.
        const left = deadline - performance.now()
        if (left > 0) {
          timer = setTimeout(check, Math.min(Math.ceil(left), maxTimerMs))
          return
        }
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      timer = setTimeout(check, Math.min(Math.max(0, Math.ceil(ms)), maxTimerMs))
    })
  },
}
