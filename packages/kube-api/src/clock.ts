import { setTimeout as sleepFor } from 'node:timers/promises'

/** Time as this package needs it; pass your own to test with a clock that does not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves after `ms` milliseconds, rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The real clock. It never steps: it counts on from the wall clock at the start of the process. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  async sleep(ms, signal) {
    try {
      await sleepFor(ms, undefined, signal ? { signal } : {})
    } catch (error) {
      // Node wraps the reason into an error of its own; whoever aborted knows his own better.
      signal?.throwIfAborted()
      throw error
    }
  },
}
