import type { Clock } from './types.ts'

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error)
        return
      }
      const onAbort = () => {
        clearTimeout(timer)
        reject(signal?.reason as Error)
      }
      // setTimeout turns anything above 2^31-1 ms into 1 ms.
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        Math.min(ms, 2_147_483_647),
      )
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
}

/** A clock that stands still until it is told to move. */
export interface ManualClock extends Clock {
  /** Moves time forward and wakes, in order, everything that was due on the way. */
  advance(ms: number): Promise<void>
  /** How many sleepers wait. */
  readonly sleepers: number
}

interface Sleeper {
  at: number
  order: number
  wake: () => void
}

/**
 * Makes a clock for tests of long spans: deadlines, TTLs, back-offs.
 * @example
 * const clock = createManualClock({ start: Date.UTC(2026, 0, 1) })
 * const slept = clock.sleep(3_600_000)
 * await clock.advance(3_600_000)
 * await slept
 */
export function createManualClock({ start = 0 }: { start?: number } = {}): ManualClock {
  let now = start
  let order = 0
  const sleepers = new Set<Sleeper>()
  // A turn of the real event loop lets what was woken run before time moves on.
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
  return {
    now: () => now,
    get sleepers() {
      return sleepers.size
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error)
          return
        }
        const onAbort = () => {
          sleepers.delete(sleeper)
          reject(signal?.reason as Error)
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
