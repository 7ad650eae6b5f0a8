import type { ClusterCore } from '../cluster-core.ts'

/** A queue of keys: a key that is added several times while it waits is processed once. */
export class WorkQueue {
  readonly #cluster: ClusterCore
  readonly #waiting = new Set<string>()
  readonly #timers = new Map<string, AbortController>()
  readonly #look: (key: string) => void
  readonly #name: string
  #scheduled = false

  constructor(cluster: ClusterCore, name: string, look: (key: string) => void) {
    this.#cluster = cluster
    this.#name = name
    this.#look = look
  }

  add(key: string): void {
    this.#waiting.add(key)
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#drain())
  }

  /** Adds the key after `ms` of the cluster's time; the earliest time wins. */
  addAfter(key: string, ms: number, slot = key): void {
    if (ms <= 0) {
      this.add(key)
      return
    }
    const existing = this.#timers.get(slot)
    if (existing !== undefined) return
    const timer = new AbortController()
    this.#timers.set(slot, timer)
    const { clock, signal } = this.#cluster
    clock.sleep(ms, AbortSignal.any([signal, timer.signal])).then(
      () => {
        this.#timers.delete(slot)
        return this.add(key)
      },
      () => this.#timers.delete(slot),
    )
  }

  #drain(): void {
    this.#scheduled = false
    if (this.#cluster.signal.aborted) return
    const keys = [...this.#waiting]
    this.#waiting.clear()
    for (const key of keys) {
      try {
        this.#look(key)
      } catch (error) {
        this.#cluster.onError(error, `${this.#name} ${key}`)
      }
    }
  }
}

export const keyOf = (object: { metadata: { namespace?: string; name: string } }) =>
  `${object.metadata.namespace ?? ''}/${object.metadata.name}`

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
