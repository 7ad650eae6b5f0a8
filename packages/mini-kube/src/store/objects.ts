import {
  alreadyExists,
  badRequest,
  conflict,
  ApiError,
  fieldForbidden,
  fieldInvalid,
  fieldUnsupported,
  invalid,
  invalidOptions,
  modifiedConflict,
  notFound,
  preconditionConflict,
  type StatusCause,
} from '../api-error.ts'
import { foldStringData } from '../kinds/core.ts'
import { sameJson, type ResourceDefinition } from '../kinds/resource-definition.ts'
import { wholeSeconds } from '../names.ts'
import type { JsonObject, KubeObject, ObjectMeta } from '../types.ts'
import { newObject, validateMetadata } from './metadata.ts'
import type { ObjectStore } from './object-store.ts'

export interface DeleteOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: string
  orphanDependents?: boolean
  preconditions?: { uid?: string; resourceVersion?: string }
  dryRun?: boolean
}

/** Looks at a new object before it is stored; throws what the admission plug-in would answer. */
export type Admission = (resource: ResourceDefinition, object: KubeObject, operation: 'create' | 'update') => void

interface Dependencies {
  store: ObjectStore
  random: () => number
  now: () => number
}

const foreground = 'foregroundDeletion'
const finished = (object: KubeObject) => ['Succeeded', 'Failed'].includes(String(object.status?.['phase']))

/** Create, update and delete with the rules that hold for every kind and caller. */
export class Objects {
  readonly #store: ObjectStore
  readonly #context: Dependencies
  /** Plug-ins, in order. */
  readonly admission: Admission[] = []

  constructor(context: Dependencies) {
    this.#context = context
    this.#store = context.store
  }

  get<T extends KubeObject = KubeObject>(
    resource: ResourceDefinition,
    namespace: string | undefined,
    name: string,
  ): T | undefined {
    return this.#store.get(resource.id, namespace, name) as T | undefined
  }

  list<T extends KubeObject = KubeObject>(resource: ResourceDefinition, namespace?: string): T[] {
    return this.#store.list(resource.id, namespace) as T[]
  }

  must(resource: ResourceDefinition, namespace: string | undefined, name: string): KubeObject {
    const found = this.get(resource, namespace, name)
    if (found === undefined) throw notFound(resource, name)
    return found
  }

  create(resource: ResourceDefinition, namespace: string | undefined, body: JsonObject, dryRun = false): KubeObject {
    const object = newObject(resource, namespace, structuredClone(body), this.#context)
    resource.prepareCreate(object, this.#context)
    const existing = object.metadata.name === '' ? undefined : this.get(resource, namespace, object.metadata.name)
    for (const admit of this.admission) admit(resource, object, 'create')
    const causes = [...validateMetadata(object), ...resource.validate(object)]
    if (causes.length > 0) throw invalid(resource, object.metadata.name, causes)
    if (existing !== undefined) {
      throw alreadyExists(resource, object.metadata.name, existing.metadata.deletionTimestamp !== undefined)
    }
    if (dryRun) return object
    return this.#store.put(resource.id, object)
  }

  /**
   * Stores a new state. `part` says which half may change: the status endpoint changes nothing but status, every other
   * endpoint everything but status.
   */
  update(
    resource: ResourceDefinition,
    next: KubeObject,
    { part = 'spec', dryRun = false }: { part?: 'spec' | 'status'; dryRun?: boolean } = {},
  ): KubeObject {
    const { name, namespace } = next.metadata
    const old = this.must(resource, namespace, name)
    if (next.metadata.resourceVersion && !/^\d+$/.test(next.metadata.resourceVersion)) {
      const given = JSON.stringify(next.metadata.resourceVersion)
      throw new ApiError(500, undefined, `strconv.ParseUint: parsing ${given}: invalid syntax`)
    }
    if (next.metadata.resourceVersion && next.metadata.resourceVersion !== old.metadata.resourceVersion) {
      throw modifiedConflict(resource, name)
    }
    if (next.metadata.uid && next.metadata.uid !== old.metadata.uid) {
      throw conflict(
        resource,
        name,
        `StorageError: invalid object, Code: 4, Key: /registry/${resource.plural}/${namespace === undefined ? '' : `${namespace}/`}${name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${next.metadata.uid}, UID in object meta: ${old.metadata.uid}`,
      )
    }
    const merged = part === 'status' ? this.#withStatus(old, next) : this.#withoutStatus(resource, old, next)
    if (sameJson(merged, old)) return old
    if (part === 'spec') {
      const causes = [
        ...validateMetadata(merged),
        ...newFinalizers(merged, old),
        ...resource.validate(merged),
        ...resource.validateUpdate(merged, old),
      ]
      if (causes.length > 0) throw invalid(resource, name, causes)
      for (const admit of this.admission) admit(resource, merged, 'update')
    }
    const statusCauses = part === 'status' ? resource.validateStatus(merged) : []
    if (statusCauses.length > 0) throw invalid(resource, name, statusCauses)
    if (dryRun) return merged
    return this.#finishIfDone(resource, merged)
  }

  #withStatus(old: KubeObject, next: KubeObject): KubeObject {
    return { ...old, ...(next.status === undefined ? {} : { status: next.status }) }
  }

  #withoutStatus(resource: ResourceDefinition, old: KubeObject, next: KubeObject): KubeObject {
    foldStringData(next)
    const kept: ObjectMeta = {
      ...next.metadata,
      uid: old.metadata.uid,
      resourceVersion: old.metadata.resourceVersion,
      creationTimestamp: old.metadata.creationTimestamp,
    }
    for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds', 'generation', 'generateName'] as const) {
      delete kept[field]
      if (old.metadata[field] !== undefined) Object.assign(kept, { [field]: old.metadata[field] })
    }
    for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
      const value = kept[field]
      if (value !== undefined && Object.keys(value).length === 0) delete kept[field]
    }
    const merged: KubeObject = { ...next, metadata: kept, kind: old.kind, apiVersion: old.apiVersion }
    const servesStatus = resource.subresources.some((subresource) => subresource.name === 'status')
    if (servesStatus) {
      if (old.status === undefined) delete merged.status
      else merged.status = old.status
    }
    if (resource.hasGeneration && !sameJson(merged.spec, old.spec)) {
      kept.generation = (old.metadata.generation ?? 0) + 1
    }
    return merged
  }

  /** An object that waits for its finalizers goes the moment the last one is taken away. */
  #finishIfDone(resource: ResourceDefinition, object: KubeObject): KubeObject {
    const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata
    const spec = object.spec?.['finalizers']
    const held = finalizers.length > 0 || (Array.isArray(spec) && spec.length > 0)
    if (deletionTimestamp !== undefined && !held && deletionGracePeriodSeconds === 0) {
      return this.#store.remove(resource.id, object)
    }
    return this.#store.put(resource.id, object)
  }

  /** Changes the newest state by a function; undefined from it means "nothing to do". */
  mutate<T extends KubeObject>(
    resource: ResourceDefinition,
    namespace: string | undefined,
    name: string,
    change: (object: T) => T | undefined,
    part: 'spec' | 'status' = 'spec',
  ): T | undefined {
    const old = this.get<T>(resource, namespace, name)
    if (old === undefined) return undefined
    const next = change(old)
    return next === undefined ? old : (this.update(resource, next, { part }) as T)
  }

  delete(
    resource: ResourceDefinition,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): { object: KubeObject; gone: boolean } {
    const old = this.must(resource, namespace, name)
    checkPreconditions(resource, old, options)
    const finalizers = withPropagation(resource, old, options)
    const grace = this.#grace(resource, old, options.gracePeriodSeconds)
    const held = finalizers.length > 0 || resource.plural === 'namespaces'
    const deleting = old.metadata.deletionTimestamp !== undefined
    if (!held && grace === 0) {
      if (options.dryRun) return { object: old, gone: true }
      const zero = resource.gracefulDeletion
        ? {
            ...old,
            metadata: {
              ...old.metadata,
              deletionTimestamp: old.metadata.deletionTimestamp ?? wholeSeconds(this.#context.now()),
              deletionGracePeriodSeconds: 0,
            },
          }
        : old
      return { object: this.#store.remove(resource.id, zero), gone: true }
    }
    const shorter = deleting && grace < (old.metadata.deletionGracePeriodSeconds ?? 0)
    const metadata: ObjectMeta = { ...old.metadata, finalizers }
    if (finalizers.length === 0) delete metadata.finalizers
    if (!deleting || shorter) {
      const start = this.#context.now()
      metadata.deletionTimestamp = wholeSeconds(start + grace * 1_000)
      metadata.deletionGracePeriodSeconds = grace
      if (old.metadata.generation !== undefined && !deleting) metadata.generation = old.metadata.generation + 1
    }
    const next: KubeObject = { ...old, metadata }
    if (resource.plural === 'namespaces') next.status = { ...old.status, phase: 'Terminating' }
    if (sameJson(next, old)) return { object: old, gone: false }
    return { object: options.dryRun ? next : this.#store.put(resource.id, next), gone: false }
  }

  #grace(resource: ResourceDefinition, object: KubeObject, asked: number | undefined): number {
    if (!resource.gracefulDeletion) return 0
    if (object.spec?.['nodeName'] === undefined || finished(object)) return 0
    const wanted = asked ?? Number(object.spec['terminationGracePeriodSeconds'] ?? 30)
    const current = object.metadata.deletionGracePeriodSeconds
    // A later delete can only shorten the time that is left.
    return current === undefined ? Math.max(0, wanted) : Math.min(current, asked ?? current)
  }
}

function checkPreconditions(resource: ResourceDefinition, object: KubeObject, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {}
  const { metadata } = object
  if (uid !== undefined && uid !== metadata.uid) {
    throw preconditionConflict(
      resource,
      metadata.name,
      `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw preconditionConflict(
      resource,
      metadata.name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`,
    )
  }
}

function withPropagation(resource: ResourceDefinition, object: KubeObject, options: DeleteOptions): string[] {
  const policy =
    options.propagationPolicy ??
    (options.orphanDependents === undefined ? undefined : options.orphanDependents ? 'Orphan' : 'Background')
  if (options.propagationPolicy !== undefined && options.orphanDependents !== undefined) {
    const why = 'orphanDependents and deletionPropagation cannot be both set'
    throw invalidOptions('DeleteOptions', fieldInvalid('propagationPolicy', policy, why))
  }
  if (policy !== undefined && !['Foreground', 'Background', 'Orphan'].includes(policy)) {
    const policies = ['Foreground', 'Background', 'Orphan', 'nil']
    throw invalidOptions('DeleteOptions', fieldUnsupported('propagationPolicy', policy, policies))
  }
  const own = object.metadata.finalizers ?? []
  const already = own.includes('orphan') ? 'Orphan' : own.includes(foreground) ? 'Foreground' : undefined
  const chosen = policy ?? already ?? resource.defaultPropagation
  const others = own.filter((finalizer) => finalizer !== 'orphan' && finalizer !== foreground)
  if (chosen === 'Foreground') return [...others, foreground]
  if (chosen === 'Orphan' && hasDependentKinds(resource)) return [...others, 'orphan']
  return others
}

/** Orphaning takes a round of the collector, which only owners of pods need by default. */
const hasDependentKinds = (resource: ResourceDefinition) => resource.plural !== 'pods' && resource.plural !== 'events'

function newFinalizers(next: KubeObject, old: KubeObject): StatusCause[] {
  if (old.metadata.deletionTimestamp === undefined) return []
  const before = new Set(old.metadata.finalizers)
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer))
  if (added.length === 0) return []
  const cause = fieldForbidden(
    'metadata.finalizers',
    `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((f) => JSON.stringify(f)).join(', ')}}`,
  )
  // Metadata is validated twice on an update, once for every kind and once by the kind itself.
  return [cause, cause]
}

/** A request that names an object must agree with its body. */
export function checkBodyName(
  resource: ResourceDefinition,
  name: string,
  namespace: string | undefined,
  body: KubeObject,
): void {
  if (!body.metadata.name) {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`)
  }
  if (body.metadata.name !== name) {
    throw badRequest(`the name of the object (${body.metadata.name}) does not match the name on the URL (${name})`)
  }
  if (resource.namespaced && (body.metadata.namespace ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}
