import type { V1ConfigMap } from '@kubernetes/client-node'
import { KubeError } from '../src/kube-error.ts'
import { statusError } from '../src/status-error.ts'
import type { WatchFrame, WatchSource } from '../src/watch/watch-source.ts'
import { configMap } from './events.ts'

interface Entry {
  readonly version: number
  readonly alive: boolean
  readonly object: V1ConfigMap
}

/** What may go wrong with the next frames of a watch, one after the other; `ok` is a frame that arrives correctly. */
export type Fault = 'ok' | 'cut' | 'end' | 'broken' | 'twice' | 'stale' | 'drop' | 'expired' | 'refuse'

/** A simulated API server: a history of versions, watches that read it, and faults in an order of the test's choice. */
export interface SimulatedApi {
  readonly source: WatchSource<V1ConfigMap>
  readonly list: () => Promise<{ items: V1ConfigMap[]; resourceVersion: string }>
  readonly objects: ReadonlyMap<string, V1ConfigMap>
  readonly watches: () => number
  /** Creates or changes the object of a name. */
  put(name: string): void
  remove(name: string): void
  /** Forgets the history: watches of old versions get 410. */
  compact(): void
  /** From now on nothing goes wrong. */
  heal(): void
}

export function createSimulatedApi({ faults, watchList }: { faults: Fault[]; watchList: boolean }): SimulatedApi {
  const objects = new Map<string, V1ConfigMap>()
  const history: Entry[] = []
  let version = 1
  let forgotten = 0
  let uids = 0
  let watches = 0
  let changed = Promise.withResolvers<void>()

  function record(alive: boolean, object: V1ConfigMap): void {
    history.push({ version, alive, object })
    changed.resolve()
    changed = Promise.withResolvers<void>()
  }

  const broken = () => new KubeError({ code: 'bad_response', message: 'broken line', retryable: true })
  const cut = () => new KubeError({ code: 'connection', message: 'reset', retryable: true })
  const gone = () =>
    statusError({ method: 'GET', path: '/sim' }, { status: 410, headers: {}, body: { reason: 'Expired' } })
  const frameOf = ({ alive, object }: Entry): WatchFrame<V1ConfigMap> => ({ type: 'object', alive, object })

  async function* follow(from: number, signal: AbortSignal): AsyncGenerator<WatchFrame<V1ConfigMap>> {
    let at = from
    const aborted = Promise.withResolvers<never>()
    aborted.promise.catch(() => undefined)
    const onAbort = () => aborted.reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      for (;;) {
        signal.throwIfAborted()
        if (at < forgotten) throw gone()
        const entry = history.find((each) => each.version > at)
        if (!entry) {
          await Promise.race([changed.promise, aborted.promise])
          continue
        }
        const fault = faults.shift() ?? 'ok'
        if (fault === 'cut') throw cut()
        if (fault === 'broken') throw broken()
        if (fault === 'expired') throw gone()
        if (fault === 'end') return
        at = entry.version
        if (fault === 'drop') continue
        if (fault === 'stale') {
          const old = history[Math.floor(history.length / 2)]
          if (old) yield frameOf(old)
          // A real server would continue from a stale version; ours then sends the right one.
        }
        yield frameOf(entry)
        if (fault === 'twice') yield frameOf(entry)
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async function* begin(from: string | undefined, signal: AbortSignal): AsyncGenerator<WatchFrame<V1ConfigMap>> {
    if (from !== undefined) return yield* follow(Number(from), signal)
    const at = version
    const items = [...objects.values()]
    for (const object of items) yield { type: 'object', alive: true, object }
    yield { type: 'bookmark', resourceVersion: String(at), initialEventsEnd: true }
    yield* follow(at, signal)
  }

  return {
    objects,
    watches: () => watches,
    list: () => Promise.resolve({ items: [...objects.values()], resourceVersion: String(version) }),
    source: {
      name: 'simulated',
      watch({ resourceVersion, signal, onBytes }) {
        watches += 1
        onBytes()
        if (faults[0] === 'refuse') {
          faults.shift()
          return Promise.reject(statusError({ method: 'GET', path: '/sim' }, { status: 503, headers: {}, body: {} }))
        }
        if (resourceVersion === undefined && !watchList) {
          return Promise.reject(statusError({ method: 'GET', path: '/sim' }, { status: 422, headers: {}, body: {} }))
        }
        return Promise.resolve(begin(resourceVersion, signal))
      },
    },
    put(name) {
      version += 1
      const uid = objects.get(name)?.metadata?.uid ?? `uid-${(uids += 1)}`
      const object = configMap(name, version, uid)
      objects.set(name, object)
      record(true, object)
    },
    remove(name) {
      const object = objects.get(name)
      if (!object) return
      version += 1
      objects.delete(name)
      record(false, configMap(name, version, object.metadata?.uid))
    },
    compact() {
      forgotten = version
      history.length = 0
    },
    heal() {
      faults.length = 0
    },
  }
}
