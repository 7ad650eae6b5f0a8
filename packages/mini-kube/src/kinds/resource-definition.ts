import type { StatusCause } from '../api-error.ts'
import type { JsonObject, KubeObject } from '../types.ts'

/** What defaulting and validation may use. */
export interface KindContext {
  random: () => number
  now: () => number
}

/** One column of the server-side table that `kubectl get` prints. */
export interface TableColumn {
  name: string
  type: 'string' | 'integer' | 'date' | 'number'
  format?: string
  description?: string
  /** 0 is always shown, 1 with `-o wide`. */
  priority?: number
  value: (object: KubeObject, context: { now: number }) => string | number
}

export interface Subresource {
  name: string
  kind: string
  group?: string
  version?: string
  verbs: string[]
}

/** Everything the server needs to know about one kind of object. */
export interface ResourceDefinition {
  /** Key in the store: `pods`, `jobs.batch`. */
  id: string
  group: string
  version: string
  kind: string
  plural: string
  singular: string
  shortNames?: string[]
  categories?: string[]
  namespaced: boolean
  verbs: string[]
  subresources: Subresource[]
  /** False for kinds that are only ever posted, such as access reviews. */
  stored: boolean
  hasGeneration: boolean
  /** True for Pods: a delete sets deletionTimestamp and the kubelet finishes it. */
  gracefulDeletion: boolean
  /** What a DELETE without a policy does to dependents. */
  defaultPropagation: 'Background' | 'Orphan'
  columns: TableColumn[]
  /** Fields usable in fieldSelector besides metadata.name and metadata.namespace. */
  selectableFields: (object: KubeObject) => Record<string, string>
  /** Sets, in place, the defaults that the server sets on every write, not only the first. */
  defaults?: (object: KubeObject) => void
  /** Fills defaults of a new object in place (the object is the request's own copy). */
  prepareCreate: (object: KubeObject, context: KindContext) => void
  validate: (object: KubeObject) => StatusCause[]
  /** Refuses changes of immutable fields. */
  validateUpdate: (next: KubeObject, old: KubeObject) => StatusCause[]
  /** Refuses an invalid status. */
  validateStatus: (next: KubeObject) => StatusCause[]
}

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const statusVerbs = ['get', 'patch', 'update']

type Given = Pick<ResourceDefinition, 'kind' | 'plural' | 'singular'> &
  Partial<ResourceDefinition> & { hasStatus?: boolean }

/** `3m20s`, as kubectl's own ages are written. */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  return hours < 192 && hours % 24 !== 0 ? `${days}d${hours % 24}h` : `${days}d`
}

export const ageOf = (timestamp: string | undefined, now: number) =>
  timestamp === undefined ? '<unknown>' : humanDuration(now - Date.parse(timestamp))

export const nameColumn: TableColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  value: (object) => object.metadata.name,
}
export const ageColumn: TableColumn = {
  name: 'Age',
  type: 'string',
  value: (object, { now }) => ageOf(object.metadata.creationTimestamp, now),
}

/** Sets what most kinds have in common. */
export function defineResource(given: Given): ResourceDefinition {
  const group = given.group ?? ''
  const { hasStatus, ...rest } = given
  const subresources = given.subresources ?? []
  return {
    version: 'v1',
    namespaced: true,
    verbs: allVerbs,
    stored: true,
    hasGeneration: false,
    gracefulDeletion: false,
    defaultPropagation: 'Background',
    columns: [nameColumn, ageColumn],
    selectableFields: () => ({}),
    prepareCreate: () => undefined,
    validate: () => [],
    validateUpdate: () => [],
    validateStatus: () => [],
    ...rest,
    group,
    id: group === '' ? given.plural : `${given.plural}.${group}`,
    subresources: hasStatus
      ? [...subresources, { name: 'status', kind: given.kind, verbs: statusVerbs }]
      : subresources,
  }
}

export const groupVersion = (resource: { group: string; version: string }) =>
  resource.group === '' ? resource.version : `${resource.group}/${resource.version}`

/** Deep equality of JSON values. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const left = Object.entries(a).filter(([, value]) => value !== undefined)
  const right = Object.entries(b as JsonObject).filter(([, value]) => value !== undefined)
  if (left.length !== right.length) return false
  return left.every(([key, value]) => sameJson(value, (b as JsonObject)[key]))
}
