import type { JsonObject } from '../types.ts'
import { definitionNames, fieldsOf, openapiName, type FieldType } from './kube-schema.ts'

const reference = (name: string) => ({ $ref: `#/components/schemas/${openapiName(name)}` })

const scalars: Record<string, JsonObject> = {
  string: { type: 'string' },
  bytes: { type: 'string', format: 'byte' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  quantity: { type: 'string' },
  intOrString: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  time: { type: 'string', format: 'date-time' },
  any: { type: 'object' },
}

function hintsOf({ merge, listType }: { merge: string | undefined; listType: string | undefined }): JsonObject {
  const hints: JsonObject = {}
  if (merge !== undefined) {
    const [strategy, key] = merge.split('=')
    hints['x-kubernetes-patch-strategy'] = strategy === 'r' ? 'merge,retainKeys' : 'merge'
    if (key !== undefined) hints['x-kubernetes-patch-merge-key'] = key
  }
  if (listType !== undefined) {
    const [type, keys] = listType.split('=')
    hints['x-kubernetes-list-type'] = type
    if (keys !== undefined) hints['x-kubernetes-list-map-keys'] = keys.split(',')
  }
  return hints
}

function schemaOf(type: FieldType): JsonObject {
  if (type.kind === 'object') return { allOf: [reference(type.name)] }
  if (type.kind === 'map') return { type: 'object', additionalProperties: schemaOf(type.of) }
  if (type.kind === 'list') return { type: 'array', items: schemaOf(type.of), ...hintsOf(type) }
  return { ...scalars[type.kind] }
}

/** Everything a definition leads to, itself included. */
function reachable(roots: string[]): Set<string> {
  const found = new Set<string>()
  const visit = (name: string) => {
    if (found.has(name)) return
    found.add(name)
    for (const { type } of fieldsOf(name)?.values() ?? []) {
      const inner = type.kind === 'list' || type.kind === 'map' ? type.of : type
      if (inner.kind === 'object') visit(inner.name)
    }
  }
  for (const root of roots) visit(root)
  return found
}

/** The `components.schemas` of an OpenAPI document for these kinds: names, types and merge hints, no descriptions. */
export function openapiSchemas(kinds: { name: string; group: string; version: string; kind: string }[]): JsonObject {
  const known = new Set(definitionNames())
  const schemas: JsonObject = {}
  for (const name of reachable(kinds.map((kind) => kind.name).filter((one) => known.has(one)))) {
    const fields = [...(fieldsOf(name)?.values() ?? [])]
    const required = fields.filter((field) => field.required).map((field) => field.name)
    const served = kinds.filter((kind) => kind.name === name)
    schemas[openapiName(name)] = {
      type: 'object',
      properties: Object.fromEntries(fields.map((field) => [field.name, schemaOf(field.type)])),
      ...(required.length === 0 ? {} : { required }),
      ...(served.length === 0
        ? {}
        : { 'x-kubernetes-group-version-kind': served.map(({ group, version, kind }) => ({ group, kind, version })) }),
    }
  }
  return schemas
}
