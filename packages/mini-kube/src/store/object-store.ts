import { expiredVersion } from '../api-error.ts'
import type { KubeObject } from '../types.ts'

/** One change of one object, as the store remembers it. */
export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: KubeObject
  /** What was stored before, for watchers whose selector it may have left. */
  previous: KubeObject | undefined
  revision: number
}

export type StoreListener = (event: StoreEvent) => void

interface Collection {
  objects: Map<string, KubeObject>
  /** The keys in order; undefined after one came or went. */
  order: string[] | undefined
  /** The recent past, oldest first; bounded by `window`. */
  history: StoreEvent[]
  /** Events up to this revision are forgotten: a watch from before it gets 410. */
  compacted: number
  listeners: Set<StoreListener>
}

const keyOf = (namespace: string | undefined, name: string) => `${namespace ?? ''}/${name}`

/**
 * All objects of the cluster with one revision counter, as etcd has. Every write is synchronous, so a request sees
 * and makes whole states only; objects are replaced, never changed.
 */
export class ObjectStore {
  readonly #collections = new Map<string, Collection>()
  readonly #window: number
  #revision: number

  constructor({ window = 4_096, firstRevision = 1 }: { window?: number; firstRevision?: number } = {}) {
    this.#window = window
    this.#revision = firstRevision
  }

  /** The newest revision given out. */
  get revision(): number {
    return this.#revision
  }

  #collection(resource: string): Collection {
    let collection = this.#collections.get(resource)
    if (collection === undefined) {
      collection = {
        objects: new Map(),
        order: undefined,
        history: [],
        compacted: this.#compactedAll,
        listeners: new Set(),
      }
      this.#collections.set(resource, collection)
    }
    return collection
  }

  get(resource: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#collection(resource).objects.get(keyOf(namespace, name))
  }

  /** Objects in key order, as etcd lists them. */
  list(resource: string, namespace?: string): KubeObject[] {
    const collection = this.#collection(resource)
    collection.order ??= [...collection.objects.keys()].sort()
    const prefix = namespace === undefined ? '' : `${namespace}/`
    const found: KubeObject[] = []
    for (const key of collection.order) {
      const object = key.startsWith(prefix) ? collection.objects.get(key) : undefined
      if (object !== undefined) found.push(object)
    }
    return found
  }

  count(resource: string): number {
    return this.#collection(resource).objects.size
  }

  /** Stores a new state and gives it the next resourceVersion. */
  put(resource: string, object: KubeObject): KubeObject {
    const collection = this.#collection(resource)
    const key = keyOf(object.metadata.namespace, object.metadata.name)
    const previous = collection.objects.get(key)
    const stored = this.#stamp(object)
    if (previous === undefined) collection.order = undefined
    collection.objects.set(key, stored)
    this.#emit(collection, previous === undefined ? 'ADDED' : 'MODIFIED', stored, previous)
    return stored
  }

  /** Removes an object; its last state gets a resourceVersion of its own, as in etcd's watch. */
  remove(resource: string, object: KubeObject): KubeObject {
    const collection = this.#collection(resource)
    collection.order = undefined
    collection.objects.delete(keyOf(object.metadata.namespace, object.metadata.name))
    const stored = this.#stamp(object)
    this.#emit(collection, 'DELETED', stored, object)
    return stored
  }

  #stamp(object: KubeObject): KubeObject {
    this.#revision += 1
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } }
  }

  #emit(collection: Collection, type: StoreEvent['type'], object: KubeObject, previous: KubeObject | undefined): void {
    const event: StoreEvent = { type, object, previous, revision: this.#revision }
    collection.history.push(event)
    // Cut a quarter at a time, so that a full window does not cost a move of the whole array on every write.
    if (collection.history.length > this.#window * 1.25) {
      const dropped = collection.history.splice(0, collection.history.length - this.#window)
      collection.compacted = dropped.at(-1)?.revision ?? collection.compacted
    }
    for (const listener of collection.listeners) listener(event)
  }

  /** All events after `revision`; throws 410 when it was compacted. */
  since(resource: string, revision: number): StoreEvent[] {
    const collection = this.#collection(resource)
    if (revision < collection.compacted) throw expiredVersion(revision, collection.compacted + 1)
    return collection.history.filter((event) => event.revision > revision)
  }

  /** Forgets the past up to now, as a compaction of etcd does. */
  compact(revision = this.#revision): void {
    for (const collection of this.#collections.values()) {
      collection.history = collection.history.filter((event) => event.revision > revision)
      collection.compacted = Math.max(collection.compacted, revision)
    }
    this.#compactedAll = Math.max(this.#compactedAll, revision)
  }

  #compactedAll = 0

  /** The revision up to which lists at an exact version are refused. */
  get compactedRevision(): number {
    return this.#compactedAll
  }

  /** Calls the listener on every later change; returns how to stop. */
  subscribe(resource: string, listener: StoreListener): () => void {
    const { listeners } = this.#collection(resource)
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
}
