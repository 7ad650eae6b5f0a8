import type { Change } from './object-store.ts'

/** An event of a list-watch. The object is complete, and shared with other subscribers: do not change it. */
export type ListWatchEvent<T> =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T }
  /** Everything up to this version has been reported. Follows the first list and each relist. */
  | { readonly type: 'synced'; readonly resourceVersion: string }

/** One subscriber's queue: at most as long as the number of objects, however slowly it is read. */
export interface Subscription<T> extends AsyncIterableIterator<ListWatchEvent<T>> {
  push(changes: readonly Change<T>[]): void
  synced(resourceVersion: string): void
  /** Ends the iteration after what is queued; with an error, by throwing it. */
  end(error?: unknown): void
  return(): Promise<IteratorResult<ListWatchEvent<T>>>
}

// Deletions of objects that a slow subscriber has never seen are dropped beyond this number, oldest first.
const maxUnheardDeletions = 10_000

type Pending<T> = Change<T> | { readonly resourceVersion: string }
const syncKey = Symbol('synced')

/** Creates a queue that keeps only the latest state of each object. `onLeave` is called once, when its reader leaves. */
export function createSubscription<T>(onLeave: () => void): Subscription<T> {
  const pending = new Map<string | typeof syncKey, Pending<T>>()
  const heard = new Set<string>()
  const waiting: PromiseWithResolvers<IteratorResult<ListWatchEvent<T>>>[] = []
  let unheardDeletions = 0
  let ended: { error?: unknown } | undefined
  let left = false

  function leave(): void {
    if (left) return
    left = true
    onLeave()
  }

  function take(): ListWatchEvent<T> | undefined {
    for (const [key, item] of pending) {
      pending.delete(key)
      if ('resourceVersion' in item) return { type: 'synced', resourceVersion: item.resourceVersion }
      const { uid, alive, object } = item
      if (!alive) {
        if (!heard.delete(uid)) unheardDeletions -= 1
        return { type: 'deleted', object }
      }
      const type = heard.has(uid) ? 'modified' : 'added'
      heard.add(uid)
      return { type, object }
    }
    return undefined
  }

  function dropOldestUnheard(): void {
    for (const [key, item] of pending) {
      if ('resourceVersion' in item || item.alive || heard.has(item.uid)) continue
      pending.delete(key)
      unheardDeletions -= 1
      return
    }
  }

  function flush(): void {
    while (waiting.length > 0) {
      const event = take()
      if (event === undefined && !ended) return
      const waiter = waiting.shift()
      if (event !== undefined) waiter?.resolve({ done: false, value: event })
      else if (ended && 'error' in ended) waiter?.reject(ended.error)
      else waiter?.resolve({ done: true, value: undefined })
    }
  }

  return {
    push(changes) {
      if (ended) return
      for (const change of changes) {
        const before = pending.get(change.uid)
        const wasUnheardDeletion = before !== undefined && 'alive' in before && !before.alive && !heard.has(change.uid)
        if (wasUnheardDeletion) unheardDeletions -= 1
        pending.set(change.uid, change)
        if (!change.alive && !heard.has(change.uid)) unheardDeletions += 1
        if (unheardDeletions > maxUnheardDeletions) dropOldestUnheard()
      }
      flush()
    },
    synced(resourceVersion) {
      if (ended) return
      // Moved to the end: it covers everything before it.
      pending.delete(syncKey)
      pending.set(syncKey, { resourceVersion })
      flush()
    },
    end(...error) {
      if (ended) return
      ended = error.length === 0 ? {} : { error: error[0] }
      leave()
      flush()
    },
    next() {
      const waiter = Promise.withResolvers<IteratorResult<ListWatchEvent<T>>>()
      waiting.push(waiter)
      flush()
      return waiter.promise
    },
    return() {
      pending.clear()
      ended ??= {}
      leave()
      flush()
      return Promise.resolve({ done: true, value: undefined })
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
