import { setImmediate as turn } from 'node:timers/promises'
import type { Clock } from '@agent-jobs/primitives'

interface Timer {
  at: number
  order: number
  fire: () => void
}

const longestMs = 30 * 24 * 3_600_000

/** A clock that jumps to the next timer when nothing else is left to do. */
export class VirtualClock implements Pick<Clock, 'now' | 'sleep'> {
  #now = Date.UTC(2026, 10, 21, 9)
  #timers: Timer[] = []
  #order = 0

  /** How many callers sleep. */
  get sleeping(): number {
    return this.#timers.length
  }

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const timer: Timer = { at: this.#now + ms, order: this.#order++, fire: () => finish(resolve) }
      const finish = (settle: () => void): void => {
        signal?.removeEventListener('abort', onAbort)
        this.#timers = this.#timers.filter((other) => other !== timer)
        settle()
      }
      const onAbort = (): void => finish(() => reject(signal?.reason))
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#timers.push(timer)
    })
  }

  /** Lets time pass until `work` is done, and returns its result. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false
    const settled = work.finally(() => {
      done = true
    })
    settled.catch(() => undefined)
    const isDone = (): boolean => done
    let idle = 0
    const tooLate = this.#now + longestMs
    while (!isDone()) {
      for (let i = 0; i < 3 && !isDone(); i++) await turn()
      if (isDone()) break
      if (this.#now > tooLate) throw new Error('a month of virtual time has passed, and it is not done')
      if (!this.step() && ++idle > 20_000) throw new Error('nothing happens any more: a wait has no timer')
    }
    return settled
  }

  /** Jumps to the next timer; false when there is none. */
  step(): boolean {
    const [next] = this.#timers.toSorted((a, b) => a.at - b.at || a.order - b.order)
    if (next === undefined) return false
    this.#now = Math.max(this.#now, next.at)
    next.fire()
    return true
  }
}
