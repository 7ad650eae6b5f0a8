import { ApiError } from '../api-error.ts'
import { sameJson } from '../kinds/resource-definition.ts'
import type { JsonObject, KubeObject } from '../types.ts'
import type { NamedRequest } from './context.ts'
import {
  child,
  fromFields,
  identity,
  keyOf,
  leaves,
  managedEntry,
  managerText,
  read,
  toFields,
  type ManagedEntry,
  type Path,
} from './managed-fields.ts'
import { isObject } from './merge-patch.ts'
import { checkBodyName } from '../store/objects.ts'

function write(root: unknown, path: Path, value: unknown): void {
  let at = root
  for (const [index, segment] of path.entries()) {
    const last = index === path.length - 1
    let next = child(at, segment)
    if (last) {
      if (isObject(at)) at[segment.slice(2)] = value
      return
    }
    if (next === undefined) {
      next = path[index + 1]?.startsWith('k:') ? [] : {}
      if (segment.startsWith('k:')) {
        next = JSON.parse(segment.slice(2))
        if (Array.isArray(at)) at.push(next)
      } else if (isObject(at)) at[segment.slice(2)] = next
    }
    at = next
  }
}

function erase(root: unknown, path: Path): void {
  const parent = read(root, path.slice(0, -1))
  const last = path.at(-1) ?? ''
  if (isObject(parent)) delete parent[last.slice(2)]
  const holder = path.at(-2)
  // A keyed item with only its key left is removed with its last field.
  if (holder?.startsWith('k:') && isObject(parent)) {
    const list = read(root, path.slice(0, -2))
    const keys = Object.keys(JSON.parse(holder.slice(2)) as JsonObject)
    if (Array.isArray(list) && Object.keys(parent).every((name) => keys.includes(name)))
      list.splice(list.indexOf(parent), 1)
  }
}

const dotted = (path: Path) =>
  path
    .map((segment) =>
      segment.startsWith('f:')
        ? `.${segment.slice(2)}`
        : `[${segment.slice(2).replace(/^\{"(\w+)":(.*)\}$/, '$1=$2')}]`,
    )
    .join('')

/** Server-side apply: sets the fields of the configuration, removes those this manager dropped, refuses conflicts. */
export function applyConfiguration(
  context: NamedRequest,
  config: JsonObject,
  { dryRun, part }: { dryRun: boolean; part: 'spec' | 'status' },
): { object: KubeObject; created: boolean } {
  const { cluster, resource, namespace, name, query } = context
  const manager = query.get('fieldManager') ?? ''
  const old = cluster.objects.get(resource, namespace, name)
  const body: KubeObject = { ...(config as KubeObject), metadata: { ...(config as KubeObject).metadata } }
  checkBodyName(resource, name, namespace, body)
  const wanted = new Map<string, { path: Path; value: unknown }>()
  leaves(config, '', [], wanted)
  for (const [key, { path }] of wanted) if (identity.has(dotted(path).slice(1))) wanted.delete(key)
  const paths = [...wanted.values()].map(({ path }) => path)
  const entry = managedEntry(context, { manager, operation: 'Apply' }, paths)
  if (old === undefined) {
    const made = { ...config, metadata: { ...(config['metadata'] as JsonObject | undefined), managedFields: [entry] } }
    return { object: cluster.objects.create(resource, namespace, made, dryRun), created: true }
  }
  const entries = (old.metadata.managedFields ?? []) as ManagedEntry[]
  const others = entries.filter((one) => one.manager !== manager || one.operation !== 'Apply')
  const mine = entries.find((one) => one.manager === manager && one.operation === 'Apply')
  const ownedByOthers = new Map(
    others.flatMap((one) => fromFields(one.fieldsV1).map((path) => [keyOf(path), managerText(one)] as const)),
  )
  const clashes = [...wanted].filter(
    ([key, { path, value }]) => ownedByOthers.has(key) && !sameJson(read(old, path), value),
  )
  if (clashes.length > 0 && query.get('force') !== 'true')
    throw conflictOf(clashes.map(([key, { path }]) => [ownedByOthers.get(key) ?? '', path]))
  const next = structuredClone(old)
  for (const path of mine === undefined ? [] : fromFields(mine.fieldsV1)) {
    const key = keyOf(path)
    if (!wanted.has(key) && !ownedByOthers.has(key)) erase(next, path)
  }
  for (const { path, value } of wanted.values()) write(next, path, structuredClone(value))
  const taken = new Set(clashes.map(([key]) => key))
  const keep = (one: ManagedEntry) => fromFields(one.fieldsV1).filter((path) => !taken.has(keyOf(path)))
  const rest = others
    .map((one) => Object.assign({}, one, { fieldsV1: toFields(keep(one)) }))
    .filter(({ fieldsV1 }) => Object.keys(fieldsV1).length > 0)
  const same = mine !== undefined && sameJson(mine.fieldsV1, entry.fieldsV1)
  next.metadata.managedFields = [...rest, same ? mine : entry]
  return { object: cluster.objects.update(resource, next, { part, dryRun }), created: false }
}

function conflictOf(clashes: [string, Path][]): ApiError {
  const causes = clashes.map(([manager, path]) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field: dotted(path),
  }))
  const [first] = causes
  const managers = [...new Set(clashes.map(([manager]) => manager))].sort()
  const list = managers.map((manager) => {
    const fields = clashes.filter(([other]) => other === manager).map(([, path]) => `\n- ${dotted(path)}`)
    return `conflicts with ${manager}:${fields.join('')}`
  })
  const text =
    clashes.length === 1
      ? `1 conflict: ${first?.message}: ${first?.field}`
      : `${clashes.length} conflicts: ${list.join('\n')}`
  return new ApiError(409, 'Conflict', `Apply failed with ${text}`, { causes })
}
