/** The time a follower lives by; tests pass one that they move themselves. */
export interface Clock {
  /** Milliseconds since the epoch. Only differences are used, so a clock that never steps is best. */
  now(): number
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when `signal` fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's clock, counted from its start so that a stepped wall clock cannot stretch a wait. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
}
