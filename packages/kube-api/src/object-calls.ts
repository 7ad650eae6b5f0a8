import type { DeleteOptions, PatchOptions, Place } from './call-options.ts'
import type { DateFields } from './date-fields.ts'
import type { KubeObjectRef } from './kube-error.ts'
import { resourcePath, type KubeObject, type ResourceKind } from './resource-kind.ts'
import type { UnaryCalls } from './unary-calls.ts'

/** The calls for a single object. */
export interface ObjectCalls {
  get<T extends KubeObject>(kind: ResourceKind<T>, o: Place & { name: string }): Promise<T>
  /** Never retried blindly: a lost response becomes a retryable error with `maybeApplied`. */
  create<T extends KubeObject>(kind: ResourceKind<T>, object: T, o?: Place & { dryRun?: boolean }): Promise<T>
  /** Name and namespace come from the object; its resourceVersion, if any, must still match. */
  replace<T extends KubeObject>(kind: ResourceKind<T>, object: T, o?: Place): Promise<T>
  patch<T extends KubeObject>(kind: ResourceKind<T>, o: PatchOptions): Promise<T>
  /** With `preconditions.uid` it is retried after a lost response, and a 404 then counts as success. */
  delete(kind: ResourceKind<KubeObject>, o: DeleteOptions): Promise<void>
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

/** The path of a request, and its name in errors. */
interface Target {
  readonly path: string
  readonly object: KubeObjectRef
  readonly dates: DateFields | undefined
}

function target(
  kind: ResourceKind<KubeObject>,
  { namespace, name }: { namespace?: string | undefined; name?: string | undefined },
): Target {
  if (kind.namespaced && name !== undefined && namespace === undefined) {
    throw new TypeError(`Expected \`namespace\` for the ${kind.kind} \`${name}\`, got none`)
  }
  return {
    path: resourcePath(kind, { namespace, name }),
    object: {
      kind: kind.kind,
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
    },
    dates: kind.dates,
  }
}

/** Creates the calls for a single object; `userAgent` is the field manager of `apply`. */
export function createObjectCalls(unary: UnaryCalls, userAgent: string): ObjectCalls {
  return {
    async get<T extends KubeObject>(kind: ResourceKind<T>, { name, namespace, signal }: Place & { name: string }) {
      return (await unary.call({
        method: 'GET',
        ...target(kind, { namespace, name }),
        signal,
        repeatable: 'always',
      })) as T
    },
    async create<T extends KubeObject>(kind: ResourceKind<T>, object: T, o: Place & { dryRun?: boolean } = {}) {
      const namespace = o.namespace ?? object.metadata?.namespace
      const place = target(kind, { namespace })
      const { name } = object.metadata ?? {}
      return (await unary.call({
        method: 'POST',
        ...place,
        object: { ...place.object, ...(name === undefined ? {} : { name }) },
        query: { dryRun: o.dryRun ? 'All' : undefined },
        body: { apiVersion: kind.apiVersion, kind: kind.kind, ...object },
        signal: o.signal,
        repeatable: 'when-not-applied',
      })) as T
    },
    async replace<T extends KubeObject>(kind: ResourceKind<T>, object: T, o: Place = {}) {
      const { name } = object.metadata ?? {}
      if (name === undefined) throw new TypeError(`Expected \`object.metadata.name\` of the ${kind.kind}, got none`)
      return (await unary.call({
        method: 'PUT',
        ...target(kind, { namespace: o.namespace ?? object.metadata?.namespace, name }),
        body: { apiVersion: kind.apiVersion, kind: kind.kind, ...object },
        signal: o.signal,
        repeatable: 'when-not-applied',
      })) as T
    },
    async patch<T extends KubeObject>(kind: ResourceKind<T>, o: PatchOptions) {
      const apply = o.type === 'apply'
      return (await unary.call({
        method: 'PATCH',
        ...target(kind, o),
        query: apply ? { fieldManager: o.fieldManager ?? userAgent, force: o.force } : {},
        headers: { 'content-type': patchTypes[o.type] },
        body: o.body,
        signal: o.signal,
        // Applying the same fields again changes nothing; other patches may undo changes made in between.
        repeatable: apply ? 'always' : 'when-not-applied',
      })) as T
    },
    async delete(kind, o) {
      const { propagationPolicy, gracePeriodSeconds, preconditions } = o
      const sure = preconditions?.uid !== undefined
      await unary.call({
        method: 'DELETE',
        ...target(kind, o),
        dates: undefined,
        body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, gracePeriodSeconds, preconditions },
        signal: o.signal,
        // Without a uid the second delete might hit another object of the same name.
        repeatable: sure ? 'always' : 'when-not-applied',
        doneWhenRepeated: sure ? [404] : [],
      })
    },
  }
}
