import { kubeFields } from './kube-fields.ts'

/** The type of a field, in the notation of the generated table. */
export type FieldType =
  | { kind: 'string' | 'bytes' | 'boolean' | 'int32' | 'int64' | 'quantity' | 'intOrString' | 'time' | 'any' }
  | { kind: 'object'; name: string }
  | { kind: 'map'; of: FieldType }
  | { kind: 'list'; of: FieldType; merge: string | undefined; listType: string | undefined }

/** One field of a definition. */
export interface Field {
  name: string
  required: boolean
  type: FieldType
}

const scalars = {
  s: 'string',
  y: 'bytes',
  b: 'boolean',
  i: 'int32',
  l: 'int64',
  q: 'quantity',
  x: 'intOrString',
  t: 'time',
  u: 'time',
  o: 'any',
} as const

/**
 * `s` string, `y` bytes, `b` boolean, `i` and `l` integers, `q` quantity, `x` integer or string, `t` and `u` times,
 * `o` anything, `@NAME` a definition, `{T}` a map, `[T]` a list; behind a list `~m=KEY` says how a strategic patch merges
 * it and `~map=KEYS`, `~set` or `~atomic` what server-side apply takes it for.
 */
function parseType(text: string): FieldType {
  if (text.startsWith('@')) return { kind: 'object', name: text.slice(1) }
  if (text.startsWith('{')) return { kind: 'map', of: parseType(text.slice(1, -1)) }
  if (!text.startsWith('[')) return { kind: scalars[text as keyof typeof scalars] }
  const end = text.lastIndexOf(']')
  const hints = text
    .slice(end + 1)
    .split('~')
    .slice(1)
  return {
    kind: 'list',
    of: parseType(text.slice(1, end)),
    merge: hints.find((hint) => /^[mr](=|$)/.test(hint)),
    listType: hints.find((hint) => /^(map|set|atomic)/.test(hint)),
  }
}

const parsed = new Map<string, ReadonlyMap<string, Field>>()

/** The fields of a definition such as `core.v1.PodSpec`; undefined when there is none of that name. */
export function fieldsOf(name: string): ReadonlyMap<string, Field> | undefined {
  const known = parsed.get(name)
  const text = kubeFields[name]
  if (known !== undefined || text === undefined) return known
  const fields = text.split(' ').map((one): Field => {
    const colon = one.indexOf(':')
    const required = one[colon - 1] === '*'
    return { name: one.slice(0, required ? colon - 1 : colon), required, type: parseType(one.slice(colon + 1)) }
  })
  const made = new Map(fields.map((field) => [field.name, field]))
  parsed.set(name, made)
  return made
}

/** The definition of a served kind. */
export function definitionOf({ group, version, kind }: { group: string; version: string; kind: string }): string {
  return `${group === '' ? 'core' : group.split('.')[0]}.${version}.${kind}`
}

/** The full name under which OpenAPI documents know a definition. */
export const openapiName = (name: string) =>
  name.startsWith('meta.v1.') ? `io.k8s.apimachinery.pkg.apis.${name}` : `io.k8s.api.${name}`

export const definitionNames = () => Object.keys(kubeFields)
