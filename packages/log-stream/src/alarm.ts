import type { Clock } from '@agent-jobs/primitives'

/**
 * One wait at a time that can be woken early. It exists because racing a timer against a promise that lives as long
 * as the container would add a reaction to that promise for every wait.
 */
export class Alarm {
  readonly #clock: Pick<Clock, 'sleep'>
  #sleeper: AbortController | undefined

  constructor(clock: Pick<Clock, 'sleep'>) {
    this.#clock = clock
  }

  /** Resolves after `ms`, or when {@link wake} is called, or when the signal fires. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const sleeper = new AbortController()
    const onAbort = (): void => sleeper.abort()
    signal.addEventListener('abort', onAbort, { once: true })
    this.#sleeper = sleeper
    try {
      await this.#clock.sleep(ms, sleeper.signal)
    } catch (error) {
      if (!sleeper.signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
      if (this.#sleeper === sleeper) this.#sleeper = undefined
    }
  }

  wake(): void {
    this.#sleeper?.abort()
  }
}
