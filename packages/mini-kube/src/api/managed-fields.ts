import { groupVersion, sameJson } from '../kinds/resource-definition.ts'
import { wholeSeconds } from '../names.ts'
import type { JsonObject, KubeObject } from '../types.ts'
import type { ApiRequest } from './context.ts'
import { isObject, mergeKeyOf } from './merge-patch.ts'

/** A field's place: object keys, and for keyed lists the item's key as `k:{"name":"a"}`. */
export type Path = string[]

export interface ManagedEntry extends JsonObject {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  time: string
  fieldsType: 'FieldsV1'
  fieldsV1: JsonObject
  subresource?: string
}

export const identity = new Set(['apiVersion', 'kind', 'metadata.name', 'metadata.namespace'])

/** A path as a map key. */
export const keyOf = (path: Path): string => path.join('\u0000')

/** Every leaf of an object. */
export function leaves(
  value: unknown,
  field: string,
  path: Path,
  out: Map<string, { path: Path; value: unknown }>,
): void {
  const key = mergeKeyOf(field)
  if (isObject(value) && Object.keys(value).length > 0) {
    for (const [name, child] of Object.entries(value)) leaves(child, name, [...path, `f:${name}`], out)
  } else if (Array.isArray(value) && key !== undefined) {
    for (const item of value) {
      if (!isObject(item)) continue
      const itemPath = [...path, `k:${JSON.stringify({ [key]: item[key] })}`]
      for (const [name, child] of Object.entries(item)) leaves(child, name, [...itemPath, `f:${name}`], out)
    }
  } else out.set(keyOf(path), { path, value })
}

export const child = (value: unknown, segment: string): unknown => {
  if (segment.startsWith('f:'))
    return isObject(value) && Object.hasOwn(value, segment.slice(2)) ? value[segment.slice(2)] : undefined
  const key = JSON.parse(segment.slice(2)) as JsonObject
  return Array.isArray(value)
    ? value.find((item) => isObject(item) && Object.entries(key).every(([k, v]) => sameJson(item[k], v)))
    : undefined
}

/** The value at a path of an object. */
export const read = (root: unknown, path: Path) => path.reduce<unknown>(child, root)

/** Paths in the form of managedFields. */
export const toFields = (paths: Iterable<Path>): JsonObject => {
  const root: JsonObject = {}
  for (const path of paths) {
    let at = root
    for (const segment of path) at = (at[segment] ??= {}) as JsonObject
  }
  return root
}

export function fromFields(fields: JsonObject, path: Path = []): Path[] {
  const entries = Object.entries(fields)
  if (entries.length === 0) return path.length === 0 ? [] : [path]
  return entries.flatMap(([segment, inner]) => fromFields((inner ?? {}) as JsonObject, [...path, segment]))
}

/** Records that a manager now sets these fields. */
export function managedEntry(
  { resource, cluster }: ApiRequest,
  { manager, operation, subresource }: Pick<ManagedEntry, 'manager' | 'operation' | 'subresource'>,
  paths: Iterable<Path>,
): ManagedEntry {
  return {
    manager,
    operation,
    apiVersion: groupVersion(resource),
    time: wholeSeconds(cluster.clock.wallTime()),
    fieldsType: 'FieldsV1',
    fieldsV1: toFields(paths),
    ...(subresource === undefined ? {} : { subresource }),
  }
}

/** The name of a manager in conflicts. */
export const managerText = ({ manager, operation, apiVersion, subresource }: ManagedEntry): string =>
  [
    JSON.stringify(manager),
    ...(subresource === undefined ? [] : [`with subresource ${JSON.stringify(subresource)}`]),
    ...(operation === 'Update' ? [`using ${apiVersion}`] : []),
  ].join(' ')

/** The fields of an object that belong to its writer. */
function fieldsOf(object: KubeObject | undefined, status: boolean): Map<string, { path: Path; value: unknown }> {
  const found = new Map<string, { path: Path; value: unknown }>()
  if (object === undefined) return found
  const { labels, annotations, finalizers } = object.metadata
  const { kind: _kind, apiVersion: _version, metadata: _metadata, status: own, ...content } = object
  const seen = status ? { status: own } : { ...content, metadata: { labels, annotations, finalizers } }
  // Absent values are not fields, and neither is metadata of which the writer set nothing.
  leaves(JSON.parse(JSON.stringify(seen)), '', [], found)
  found.delete('f:metadata')
  return found
}

/** The manager of a write: given in the query or taken from the user agent. */
function managerOf({ query, request }: ApiRequest): string {
  const agent = request.headers['user-agent']?.split('/')[0]
  return query.get('fieldManager') || agent || 'unknown'
}

const withEntries = (object: KubeObject, managedFields: ManagedEntry[]): KubeObject =>
  managedFields.length === 0 ? object : { ...object, metadata: { ...object.metadata, managedFields } }

/** Records who set which fields by an update, so that a later apply conflicts; changing a field takes it over. */
export function noteUpdate(context: ApiRequest, old: KubeObject | undefined, next: KubeObject): KubeObject {
  const { subresource } = context
  const status = subresource === 'status'
  const [before, after] = [fieldsOf(old, status), fieldsOf(next, status)]
  const changed = new Set(
    [...after].filter(([key, { value }]) => !sameJson(before.get(key)?.value, value)).map(([key]) => key),
  )
  const gone = new Set([...before.keys()].filter((key) => !after.has(key)))
  const given = (next.metadata.managedFields ?? old?.metadata.managedFields ?? []) as ManagedEntry[]
  if (changed.size === 0 && gone.size === 0) return withEntries(next, given)
  const manager = managerOf(context)
  const part = status ? 'status' : undefined
  const isMine = (one: ManagedEntry) =>
    one.manager === manager && one.operation === 'Update' && one.subresource === part
  const rest = given.flatMap((one) => {
    const paths = fromFields(one.fieldsV1)
    const kept = paths.filter((path) => !gone.has(keyOf(path)) && (isMine(one) || !changed.has(keyOf(path))))
    if (kept.length === paths.length) return [one]
    return kept.length === 0 ? [] : [Object.assign({}, one, { fieldsV1: toFields(kept) })]
  })
  const mine = rest.find(isMine)
  const paths = [...after].filter(([key]) => changed.has(key)).map(([, { path }]) => path)
  if (paths.length === 0) return withEntries(next, rest)
  const who = { manager, operation: 'Update' as const, ...(part === undefined ? {} : { subresource: part }) }
  const entry = managedEntry(context, who, [...(mine === undefined ? [] : fromFields(mine.fieldsV1)), ...paths])
  return withEntries(next, [...rest.filter((one) => one !== mine), entry])
}
