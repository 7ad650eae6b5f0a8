import { type Clock, openAbortScope } from '@agent-jobs/primitives'

import { KubeError } from '../kube-error.ts'
import { createReflector, type Reflector } from './reflector.ts'
import type { KubeObject, ResourceKind } from '../resource-kind.ts'
import { createSubscription, type ListWatchEvent, type Subscription } from './subscription.ts'
import type { WatchProblem } from './watch-problem.ts'
import type { Selection, WatchSource } from './watch-source.ts'
import type { ListWatchTuning } from './watch-tuning.ts'

/** What the shared watches of one client need. */
export interface SharedWatchesOptions {
  readonly clock: Clock
  readonly random: () => number
  readonly tuning: ListWatchTuning
  readonly onProblem?: ((problem: WatchProblem) => void) | undefined
  readonly createSource: <T extends KubeObject>(kind: ResourceKind<T>, selection: Selection) => WatchSource<T>
  readonly list: <T extends KubeObject>(
    kind: ResourceKind<T>,
    selection: Selection & { signal: AbortSignal },
  ) => Promise<{ items: T[]; resourceVersion: string }>
}

/** One underlying watch per kind and selection, however many subscribe to it. */
export interface SharedWatches {
  listWatch<T extends KubeObject>(
    kind: ResourceKind<T>,
    selection: Selection & { signal: AbortSignal },
  ): AsyncIterable<ListWatchEvent<T>>
  close(): Promise<void>
}

interface Shared<T extends KubeObject> {
  readonly reflector: Reflector<T>
  readonly subscribers: Set<Subscription<T>>
  readonly stop: () => void
}

/** Creates the registry of a client's watches. */
export function createSharedWatches(options: SharedWatchesOptions): SharedWatches {
  const { clock, random, tuning, onProblem, createSource, list } = options
  // A key names the kind, so what is stored under it has that kind's type.
  const watches = new Map<string, Shared<never>>()
  const endings = new Map<symbol, Promise<void>>()
  let closed = false

  function open<T extends KubeObject>(key: string, kind: ResourceKind<T>, selection: Selection): Shared<T> {
    const existing = watches.get(key) as Shared<T> | undefined
    if (existing) return existing
    const subscribers = new Set<Subscription<T>>()
    const scope = openAbortScope()
    const source = createSource(kind, selection)
    const reflector = createReflector<T>({
      source,
      list: (signal) => list(kind, { ...selection, signal }),
      clock,
      random,
      tuning,
      onChanges: (changes) => {
        for (const subscriber of subscribers) subscriber.push(changes)
      },
      onSynced: (resourceVersion) => {
        for (const subscriber of subscribers) subscriber.synced(resourceVersion)
      },
      onProblem: (error, failures) => onProblem?.({ watch: source.name, error, failures }),
    })
    const forget = () => {
      if (watches.get(key) === (shared as unknown)) watches.delete(key)
    }
    const id = Symbol(key)
    async function run(): Promise<void> {
      try {
        await reflector.run(scope.signal)
      } catch (error) {
        forget()
        for (const subscriber of subscribers) subscriber.end(error)
      } finally {
        endings.delete(id)
      }
    }
    const stop = () => {
      forget()
      scope.abort()
    }
    const shared: Shared<T> = { reflector, subscribers, stop }
    watches.set(key, shared as unknown as Shared<never>)
    endings.set(id, run())
    return shared
  }

  function subscribe<T extends KubeObject>(
    kind: ResourceKind<T>,
    { signal, ...selection }: Selection & { signal: AbortSignal },
  ): Subscription<T> {
    const { namespace, labelSelector, fieldSelector } = selection
    const key = JSON.stringify([kind.apiVersion, kind.plural, namespace, labelSelector, fieldSelector])
    const shared = open(key, kind, selection)
    const onAbort = () => {
      subscription.end()
    }
    const subscription = createSubscription<T>(() => {
      signal.removeEventListener('abort', onAbort)
      shared.subscribers.delete(subscription)
      if (shared.subscribers.size === 0) shared.stop()
    })
    shared.subscribers.add(subscription)
    signal.addEventListener('abort', onAbort, { once: true })
    const syncedAt = shared.reflector.syncedAt()
    if (syncedAt !== undefined) {
      subscription.push([...shared.reflector.store.objects].map(([uid, object]) => ({ uid, alive: true, object })))
      subscription.synced(syncedAt)
    }
    return subscription
  }

  const closedError = () =>
    new KubeError({ code: 'closed', message: 'This client was closed, and its watches with it; make a new one.' })

  return {
    listWatch: (kind, selection) => ({
      [Symbol.asyncIterator]: () => {
        if (closed) throw closedError()
        if (!selection.signal.aborted) return subscribe(kind, selection)
        const ended = createSubscription<never>(() => undefined)
        ended.end()
        return ended
      },
    }),
    async close() {
      closed = true
      for (const shared of watches.values()) for (const subscriber of shared.subscribers) subscriber.end(closedError())
      await Promise.all(endings.values())
    },
  }
}
