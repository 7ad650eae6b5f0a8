import { background, pause, type ClusterCore } from '../cluster-core.ts'
import { findKind, resources } from '../kinds/registry.ts'
import type { ResourceDefinition } from '../kinds/resource-definition.ts'
import type { KubeObject, OwnerReference } from '../types.ts'

interface Place {
  resource: ResourceDefinition
  namespace: string | undefined
  name: string
}

const placeKey = ({ resource, namespace, name }: Place) => `${resource.id}|${namespace ?? ''}|${name}`

/** Deletes objects without owners, and completes foreground and orphan deletions. */
export function startGarbageCollector(cluster: ClusterCore): void {
  const { store, objects, timing } = cluster
  /** Owner uid to the places of its dependents. */
  const dependents = new Map<string, Map<string, Place>>()
  const stored = resources.filter((resource) => resource.stored && resource.plural !== 'events')

  function ownerExists(dependent: KubeObject, owner: OwnerReference): boolean {
    const resource = findKind(owner.apiVersion, owner.kind)
    // An owner of a kind that is not served cannot be looked up; the real collector then leaves the object alone.
    if (resource === undefined) return true
    const found = objects.get(resource, resource.namespaced ? dependent.metadata.namespace : undefined, owner.name)
    return found?.metadata.uid === owner.uid
  }

  /** Deletes an object whose owners are all gone, after the measured delay (57 ms). */
  function collect({ resource, namespace, name }: Place, uid: string): void {
    background(cluster, `collection of ${name}`, async () => {
      await pause(cluster, timing.collectMs)
      const object = objects.get(resource, namespace, name)
      if (object?.metadata.uid !== uid || object.metadata.deletionTimestamp !== undefined) return
      const owners = object.metadata.ownerReferences ?? []
      const living = owners.filter((owner) => ownerExists(object, owner))
      if (owners.length === 0) return
      if (living.length === 0) {
        objects.delete(resource, namespace, name, { propagationPolicy: 'Background', preconditions: { uid } })
      } else if (living.length < owners.length) {
        objects.update(resource, { ...object, metadata: { ...object.metadata, ownerReferences: living } })
      }
    })
  }

  const dependentsOf = (uid: string) =>
    [...(dependents.get(uid)?.values() ?? [])]
      .map((place) => ({ place, object: objects.get(place.resource, place.namespace, place.name) }))
      .filter((one): one is { place: Place; object: KubeObject } => one.object !== undefined)
      .filter(({ object }) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid))

  const dropFinalizer = (resource: ResourceDefinition, object: KubeObject, finalizer: string) =>
    objects.mutate(resource, object.metadata.namespace, object.metadata.name, (current) =>
      current.metadata.uid === object.metadata.uid && current.metadata.finalizers?.includes(finalizer)
        ? {
            ...current,
            metadata: {
              ...current.metadata,
              finalizers: current.metadata.finalizers.filter((one) => one !== finalizer),
            },
          }
        : undefined,
    )

  function finishDeletion(resource: ResourceDefinition, object: KubeObject): void {
    const { uid, finalizers = [] } = object.metadata
    if (finalizers.includes('orphan')) {
      for (const { place, object: one } of dependentsOf(uid)) {
        const rest = (one.metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid)
        objects.update(place.resource, { ...one, metadata: { ...one.metadata, ownerReferences: rest } })
      }
      dropFinalizer(resource, object, 'orphan')
      return
    }
    if (!finalizers.includes('foregroundDeletion')) return
    const blocking = dependentsOf(uid).filter(({ object: one }) =>
      one.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    )
    for (const { place, object: one } of dependentsOf(uid)) {
      if (one.metadata.deletionTimestamp !== undefined) continue
      objects.delete(place.resource, place.namespace, place.name, {
        propagationPolicy: blocking.some(({ object: other }) => other === one) ? 'Foreground' : 'Background',
        preconditions: { uid: one.metadata.uid },
      })
    }
    const waiting = dependentsOf(uid).filter(({ object: one }) =>
      one.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    )
    if (waiting.length === 0) dropFinalizer(resource, object, 'foregroundDeletion')
  }

  function lookAtOwner(owner: OwnerReference, namespace: string | undefined): void {
    const resource = findKind(owner.apiVersion, owner.kind)
    if (resource === undefined) return
    const object = objects.get(resource, resource.namespaced ? namespace : undefined, owner.name)
    if (object?.metadata.uid === owner.uid && object.metadata.deletionTimestamp !== undefined) {
      setImmediate(() => {
        if (!cluster.signal.aborted)
          finishDeletion(resource, objects.get(resource, object.metadata.namespace, object.metadata.name) ?? object)
      })
    }
  }

  for (const resource of stored) {
    store.subscribe(resource.id, ({ type, object, previous }) => {
      const { namespace, name, uid, ownerReferences = [], deletionTimestamp, finalizers = [] } = object.metadata
      const place: Place = { resource, namespace, name }
      for (const owner of previous?.metadata.ownerReferences ?? []) {
        if (type === 'DELETED' || !ownerReferences.some((one) => one.uid === owner.uid)) {
          dependents.get(owner.uid)?.delete(placeKey(place))
          lookAtOwner(owner, namespace)
        }
      }
      if (type === 'DELETED') {
        for (const { place: child, object: one } of dependentsOf(uid)) collect(child, one.metadata.uid)
        dependents.delete(uid)
        return
      }
      for (const owner of ownerReferences) {
        const places = dependents.get(owner.uid) ?? new Map<string, Place>()
        dependents.set(owner.uid, places)
        places.set(placeKey(place), place)
        if (!ownerExists(object, owner)) collect(place, uid)
      }
      if (
        deletionTimestamp !== undefined &&
        (finalizers.includes('orphan') || finalizers.includes('foregroundDeletion'))
      ) {
        setImmediate(() => {
          const current = objects.get(resource, namespace, name)
          if (!cluster.signal.aborted && current?.metadata.uid === uid) finishDeletion(resource, current)
        })
      }
    })
  }
}
