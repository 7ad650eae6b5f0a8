import { ApiError, badRequest } from '../api-error.ts'
import { sameJson } from '../kinds/resource-definition.ts'
import type { JsonObject } from '../types.ts'

/** The real server does not report which operation failed and why; `cause` is for debugging mini-kube. */
const failed = (message: string) => {
  const error = new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
  error.cause = message
  return error
}

interface Operation {
  op: string
  path: string
  from?: string
  value?: unknown
}

const tokensOf = (pointer: string) => {
  if (pointer === '') return []
  if (!pointer.startsWith('/')) throw failed(`"${pointer}" is not a JSON pointer`)
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

type Container = JsonObject | unknown[]
const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null

function parentOf(root: JsonObject, tokens: string[], pointer: string): { parent: Container; key: string } {
  let parent: Container = root
  for (const token of tokens.slice(0, -1)) {
    const child: unknown = Array.isArray(parent)
      ? parent[Number(token)]
      : Object.hasOwn(parent, token)
        ? parent[token]
        : undefined
    if (!isContainer(child)) throw failed(`path ${pointer} does not exist`)
    parent = child
  }
  return { parent, key: tokens.at(-1) ?? '' }
}

const indexIn = (list: unknown[], key: string, limit: number, pointer: string) => {
  const index = Number(key)
  if (!/^\d+$/.test(key) || index > limit) throw failed(`index ${key} of ${pointer} is out of bounds of ${list.length}`)
  return index
}

function read(root: JsonObject, pointer: string): unknown {
  const tokens = tokensOf(pointer)
  if (tokens.length === 0) return root
  const { parent, key } = parentOf(root, tokens, pointer)
  if (Array.isArray(parent)) return parent[indexIn(parent, key, parent.length - 1, pointer)]
  if (!Object.hasOwn(parent, key)) throw failed(`path ${pointer} does not exist`)
  return parent[key]
}

function add(root: JsonObject, pointer: string, value: unknown): void {
  const { parent, key } = parentOf(root, tokensOf(pointer), pointer)
  if (Array.isArray(parent)) {
    if (key === '-') parent.push(value)
    else parent.splice(indexIn(parent, key, parent.length, pointer), 0, value)
  } else setOwn(parent, key, value)
}

function remove(root: JsonObject, pointer: string): void {
  const { parent, key } = parentOf(root, tokensOf(pointer), pointer)
  if (Array.isArray(parent)) parent.splice(indexIn(parent, key, parent.length - 1, pointer), 1)
  else if (Object.hasOwn(parent, key)) delete parent[key]
  else throw failed(`unable to remove nonexistent key: ${key}`)
}

/** Sets a key as data, also one called `__proto__`. */
export function setOwn(target: JsonObject, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
}

/** RFC 6902; the given object is changed, so hand in a copy. */
export function applyJsonPatch(target: JsonObject, patch: unknown): JsonObject {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON patch is a list of operations')
  for (const operation of patch as Operation[]) {
    const { op, path, from = '', value } = operation
    if (op === 'add') add(target, path, structuredClone(value))
    else if (op === 'remove') remove(target, path)
    else if (op === 'replace') {
      read(target, path)
      const { parent, key } = parentOf(target, tokensOf(path), path)
      if (Array.isArray(parent)) parent[Number(key)] = structuredClone(value)
      else setOwn(parent, key, structuredClone(value))
    } else if (op === 'move') {
      const moved = read(target, from)
      remove(target, from)
      add(target, path, moved)
    } else if (op === 'copy') add(target, path, structuredClone(read(target, from)))
    else if (op === 'test') {
      if (!sameJson(read(target, path), value)) throw failed(`testing value ${path} failed`)
    } else throw failed(`unexpected kind: ${String(op)}`)
  }
  return target
}
