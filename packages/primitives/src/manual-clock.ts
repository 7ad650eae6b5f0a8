import type { Clock } from './clock.ts'

/** A clock that only a test advances. */
export interface ManualClock extends Clock {
  /** Moves time forward and wakes, in order, every sleeper that becomes due. */
  advance(ms: number): Promise<void>
  /** Moves the wall clock alone, as NTP does. */
  stepWallTime(ms: number): void
  /** How many sleepers wait. */
  readonly sleepers: number
}

interface Sleeper {
  readonly at: number
  readonly order: number
  wake(): void
}

/**
 * Makes a clock for tests of long spans: deadlines, TTLs, backoffs. `wallTime` is its date at the start, in milliseconds
 * since the epoch (default 2026-01-01). Its monotonic time starts at 0, so that a mix-up of both shows.
 *
 * @example
 * ```ts
 * const clock = createManualClock()
 * const slept = clock.sleep(3_600_000)
 * await clock.advance(3_600_000)
 * await slept
 * ```
 */
export function createManualClock({ wallTime = Date.UTC(2026, 0, 1) }: { wallTime?: number } = {}): ManualClock {
  let now = 0
  let wallOffset = wallTime
  let order = 0
  const sleepers = new Set<Sleeper>()
  // A turn of the real event loop lets woken callers run before time moves on.
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    now: () => now,
    wallTime: () => wallOffset + now,
    stepWallTime(ms) {
      wallOffset += ms
    },
    get sleepers() {
      return sleepers.size
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (Number.isNaN(ms)) throw new TypeError('Expected `ms` to be a number, got `NaN`')
        if (signal?.aborted) throw signal.reason
        const onAbort = (): void => {
          sleepers.delete(sleeper)
          reject(signal?.reason)
        }
        const sleeper: Sleeper = {
          at: now + Math.max(0, ms),
          order: order++,
          wake: () => {
            sleepers.delete(sleeper)
            signal?.removeEventListener('abort', onAbort)
            resolve()
          },
        }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
    async advance(ms) {
      const target = now + ms
      for (;;) {
        await settle()
        const due = [...sleepers].filter((s) => s.at <= target).sort((a, b) => a.at - b.at || a.order - b.order)[0]
        if (due === undefined) break
        now = Math.max(now, due.at)
        due.wake()
      }
      now = target
      await settle()
    },
  }
}
