import type { Clock } from '@agent-jobs/primitives'

/** A timer that is reset at every judgement. */
export interface Waker {
  /** Schedules a wake-up, replacing any earlier one. `Infinity` cancels it. */
  set(time: number): void
}

/** Creates a timer that ends with `signal`. `onFault` gets what `onWake` or the clock throws. */
export function createWaker(
  clock: Clock,
  signal: AbortSignal,
  onWake: () => void,
  onFault: (error: unknown) => void,
): Waker {
  let current: AbortController | undefined
  let due = Infinity
  async function run(time: number, stop: AbortController): Promise<void> {
    const either = AbortSignal.any([signal, stop.signal])
    try {
      while (clock.now() < time) await clock.sleep(Math.max(1, time - clock.now()), either)
    } catch (error) {
      if (either.aborted) return
      throw error
    }
    if (either.aborted) return
    due = Infinity
    onWake()
  }
  return {
    set(time) {
      if (time === due) return
      due = time
      current?.abort()
      current = undefined
      if (time === Infinity || signal.aborted) return
      current = new AbortController()
      run(time, current).catch(onFault)
    },
  }
}
