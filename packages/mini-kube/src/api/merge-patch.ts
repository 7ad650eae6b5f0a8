import type { JsonObject } from '../types.ts'
import { sameJson } from '../kinds/resource-definition.ts'
import { setOwn } from './json-patch.ts'

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7386: null removes a field, objects are merged, everything else is replaced. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: JsonObject = isObject(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else setOwn(result, key, applyMergePatch(Object.hasOwn(result, key) ? result[key] : undefined, value))
  }
  return result
}

/** Lists of objects that are merged by a key instead of replaced, by the field's name (from the types' patchMergeKey). */
const mergeKeys: Record<string, string[]> = {
  containers: ['name'],
  initContainers: ['name'],
  ephemeralContainers: ['name'],
  volumes: ['name'],
  env: ['name'],
  ports: ['containerPort'],
  volumeMounts: ['mountPath'],
  volumeDevices: ['devicePath'],
  conditions: ['type'],
  ownerReferences: ['uid'],
  imagePullSecrets: ['name'],
  secrets: ['name'],
  hostAliases: ['ip'],
  podIPs: ['ip'],
  hostIPs: ['ip'],
  topologySpreadConstraints: ['topologyKey'],
  schedulingGates: ['name'],
  resourceClaims: ['name'],
  addresses: ['type'],
  taints: ['key'],
}

/** The merge key of a list, undefined for lists that are replaced as a whole. */
export const mergeKeyOf = (field: string) => mergeKeys[field]?.[0]

/** Lists of plain values that are merged as sets. */
const primitiveSets = new Set(['finalizers'])

function mergeList(field: string, target: unknown[], patch: unknown[]): unknown[] {
  const key = mergeKeyOf(field)
  if (key === undefined) {
    if (!primitiveSets.has(field)) return patch
    return [...target, ...patch.filter((value) => !target.some((own) => sameJson(own, value)))]
  }
  if (patch.some((item) => isObject(item) && item['$patch'] === 'replace')) {
    return patch.filter((item) => !(isObject(item) && '$patch' in item))
  }
  let result = [...target]
  for (const item of patch) {
    if (!isObject(item)) continue
    const same = (other: unknown) => isObject(other) && sameJson(other[key], item[key])
    if (item['$patch'] === 'delete') result = result.filter((other) => !same(other))
    else if (result.some(same)) result = result.map((other) => (same(other) ? strategicObject(other, item) : other))
    else result.push(strategicObject({}, item))
  }
  return result
}

function ordered(list: unknown[], order: unknown[], key: string | undefined): unknown[] {
  const placeOf = (item: unknown) => {
    const index = order.findIndex((wanted) =>
      key === undefined
        ? sameJson(wanted, item)
        : isObject(wanted) && isObject(item) && sameJson(wanted[key], item[key]),
    )
    return index === -1 ? Number.POSITIVE_INFINITY : index
  }
  return list
    .map((item, index) => ({ item, index, place: placeOf(item) }))
    .sort((a, b) => (a.place === b.place ? a.index - b.index : a.place - b.place))
    .map(({ item }) => item)
}

function strategicObject(target: unknown, patch: JsonObject): unknown {
  if (patch['$patch'] === 'replace') {
    const { $patch: _directive, ...rest } = patch
    return rest
  }
  if (patch['$patch'] === 'delete') return {}
  let result: JsonObject = isObject(target) ? { ...target } : {}
  const retain = patch['$retainKeys']
  if (Array.isArray(retain)) {
    result = Object.fromEntries(Object.entries(result).filter(([key]) => retain.includes(key)))
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$retainKeys' || key === '$patch') continue
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const field = key.slice('$deleteFromPrimitiveList/'.length)
      const gone = value as unknown[]
      const list = result[field]
      if (Array.isArray(list)) result[field] = list.filter((own) => !gone.some((other) => sameJson(own, other)))
    } else if (key.startsWith('$setElementOrder/')) continue
    else if (value === null) delete result[key]
    else if (Array.isArray(value))
      setOwn(result, key, mergeList(key, Array.isArray(result[key]) ? result[key] : [], value))
    else if (isObject(value))
      setOwn(result, key, strategicObject(Object.hasOwn(result, key) ? result[key] : undefined, value))
    else setOwn(result, key, value)
  }
  for (const [key, order] of Object.entries(patch)) {
    const field = key.startsWith('$setElementOrder/') ? key.slice('$setElementOrder/'.length) : undefined
    const list = field === undefined ? undefined : result[field]
    if (field !== undefined && Array.isArray(list) && Array.isArray(order))
      result[field] = ordered(list, order, mergeKeyOf(field))
  }
  return result
}

/** Kubernetes' strategic merge patch for the kinds served here. */
export const applyStrategicPatch = (target: JsonObject, patch: JsonObject): JsonObject =>
  strategicObject(target, patch) as JsonObject
