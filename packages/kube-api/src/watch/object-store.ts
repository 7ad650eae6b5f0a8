import { compareResourceVersions } from './resource-version.ts'
import type { KubeObject } from '../resource-kind.ts'

/** A change of one object. */
export interface Change<T> {
  readonly uid: string
  readonly alive: boolean
  readonly object: T
}

/** The last known state of every object of one list-watch. */
export interface ObjectStore<T extends KubeObject> {
  readonly objects: ReadonlyMap<string, T>
  /** Applies one event and returns what changed: nothing for an old or repeated event. */
  apply(object: T, alive: boolean): Change<T>[]
  /** Applies a whole list. `stale` means that it is older than the known state; it was then ignored unless forced. */
  replace(items: readonly T[], resourceVersion: string, o?: { force?: boolean }): Change<T>[] | 'stale'
}

// A late event of a deleted object would bring it back as a ghost. This many of the last deletions are remembered; a
// relist repairs the effects of older ones.
const maxTombstones = 1_000

const uidOf = (object: KubeObject): string =>
  object.metadata?.uid ?? `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`
const nameOf = (object: KubeObject): string => `${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`
const versionOf = (object: KubeObject | undefined): string | undefined => object?.metadata?.resourceVersion

/** Creates an empty store. */
export function createObjectStore<T extends KubeObject>(): ObjectStore<T> {
  const objects = new Map<string, T>()
  const holderOfName = new Map<string, string>()
  const tombstones = new Map<string, string | undefined>()
  let newest: string | undefined

  const isOlder = (a: string | undefined, b: string | undefined) => (compareResourceVersions(a, b) ?? 1) < 0
  const isNotNewer = (a: string | undefined, b: string | undefined) => (compareResourceVersions(a, b) ?? 1) <= 0

  function note(version: string | undefined): void {
    if (version !== undefined && !isOlder(version, newest)) newest = version
  }

  function remove(uid: string, last: T): Change<T> {
    const name = nameOf(last)
    objects.delete(uid)
    if (holderOfName.get(name) === uid) holderOfName.delete(name)
    tombstones.delete(uid)
    tombstones.set(uid, versionOf(last))
    if (tombstones.size > maxTombstones) {
      for (const oldest of tombstones.keys()) {
        tombstones.delete(oldest)
        break
      }
    }
    return { uid, alive: false, object: last }
  }

  function put(object: T): Change<T>[] {
    const uid = uidOf(object)
    const changes: Change<T>[] = []
    const holder = holderOfName.get(nameOf(object))
    const held = holder === undefined || holder === uid ? undefined : objects.get(holder)
    // The name belongs to another object now, and the deletion of this one was missed.
    if (holder !== undefined && held) changes.push(remove(holder, held))
    tombstones.delete(uid)
    objects.set(uid, object)
    holderOfName.set(nameOf(object), uid)
    changes.push({ uid, alive: true, object })
    return changes
  }

  function applyEvent(object: T, alive: boolean): Change<T>[] {
    const uid = uidOf(object)
    const version = versionOf(object)
    const known = objects.get(uid)
    if (!alive) return known && !isOlder(version, versionOf(known)) ? [remove(uid, object)] : []
    if (known && isNotNewer(version, versionOf(known))) return []
    if (tombstones.has(uid) && isNotNewer(version, tombstones.get(uid))) return []
    const holder = objects.get(holderOfName.get(nameOf(object)) ?? uid)
    // A late event of an object whose name belongs to a newer one.
    if (holder && uidOf(holder) !== uid && isOlder(version, versionOf(holder))) return []
    return put(object)
  }

  return {
    objects,
    apply(object, alive) {
      note(versionOf(object))
      return applyEvent(object, alive)
    },
    replace(items, resourceVersion, { force = false } = {}) {
      if (!force && isOlder(resourceVersion, newest)) return 'stale'
      const present = new Set(items.map(uidOf))
      const changes = [...objects].filter(([uid]) => !present.has(uid)).map(([uid, last]) => remove(uid, last))
      if (force) {
        newest = undefined
        tombstones.clear()
      }
      for (const item of items) {
        const known = objects.get(uidOf(item))
        const same = known !== undefined && versionOf(known) === versionOf(item) && versionOf(item) !== undefined
        if (!same && (force || !known || !isOlder(versionOf(item), versionOf(known)))) changes.push(...put(item))
      }
      note(resourceVersion)
      return changes
    },
  }
}
