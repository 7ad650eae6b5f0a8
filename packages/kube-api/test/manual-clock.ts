import { type Clock } from '@agent-jobs/primitives'

interface Sleeper {
  readonly ms: number
  readonly until: number
  readonly wake: () => void
}

/** A clock that only a test advances. */
export interface ManualClock extends Clock {
  /** Advances the time and wakes the sleepers that are due, in order. */
  advance(ms: number): void
  /** Waits for a sleep of between `min` and `max` milliseconds, and returns its length. */
  sleeper(min: number, max: number): Promise<number>
  /** Waits for such a sleep and advances the time just past it. */
  wakeSleeper(min: number, max: number): Promise<number>
  /** The lengths of the current sleeps. */
  readonly sleeping: readonly number[]
}

export function createManualClock(start = Date.UTC(2026, 10, 21)): ManualClock {
  let time = start
  let sleepers: Sleeper[] = []
  let watchers: (() => void)[] = []

  function advance(ms: number): void {
    time += ms
    const due = sleepers.filter(({ until }) => until <= time).sort((a, b) => a.until - b.until)
    sleepers = sleepers.filter(({ until }) => until > time)
    for (const { wake } of due) wake()
  }

  async function sleeper(min: number, max: number): Promise<number> {
    for (;;) {
      const found = sleepers.find(({ ms }) => ms >= min && ms <= max)
      if (found) return found.until - time
      await new Promise<void>((resolve) => watchers.push(resolve))
    }
  }

  return {
    now: () => time,
    wallTime: () => time,
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => {
          sleepers = sleepers.filter((other) => other !== entry)
          reject(signal?.reason)
        }
        const entry: Sleeper = {
          ms,
          until: time + ms,
          wake: () => {
            signal?.removeEventListener('abort', onAbort)
            resolve()
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        sleepers.push(entry)
        for (const notify of watchers.splice(0)) notify()
      })
    },
    advance,
    sleeper,
    async wakeSleeper(min, max) {
      const remaining = await sleeper(min, max)
      advance(remaining)
      return remaining
    },
    get sleeping() {
      return sleepers.map(({ ms }) => ms)
    },
  }
}
