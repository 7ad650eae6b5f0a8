import { badRequest } from '../api-error.ts'
import type { JsonObject } from '../types.ts'
import { fieldsOf, type FieldType } from './kube-schema.ts'
import { canonicalQuantity, quantityMessage } from './quantity.ts'

/** A value whose type is not that of its field, in the words of the server's decoder. */
class DecodeError extends Error {}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const shortName = (name: string) => name.split('.').slice(-2).join('.')

/** A type as Go writes it. */
function goType(type: FieldType): string {
  if (type.kind === 'object') return shortName(type.name)
  if (type.kind === 'list') return `[]${goType(type.of)}`
  if (type.kind === 'map') return type.of.kind === 'quantity' ? 'v1.ResourceList' : `map[string]${goType(type.of)}`
  if (type.kind === 'boolean') return 'bool'
  return type.kind === 'bytes' ? '[]uint8' : type.kind
}

function jsonType(value: unknown, isNumeric: boolean): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'number' && isNumeric ? `number ${value}` : typeof value
}

interface Place {
  /** With indexes, for unknown fields. */
  path: string
  /** Without, after the name of the struct: how the decoder tells of a wrong type. */
  goPath: string
  struct: string
}

/** Takes an object as the server's decoder does: unknown fields and nulls go, wrong types are refused. */
class Decoder {
  readonly unknown: string[] = []

  object(value: JsonObject, definition: string, at: Place): JsonObject {
    const fields = fieldsOf(definition)
    if (fields === undefined) return value
    const struct = definition.split('.').at(-1) ?? ''
    const out: JsonObject = {}
    for (const [name, given] of Object.entries(value)) {
      const field = fields.get(name)
      const path = at.path === '' ? name : `${at.path}.${name}`
      if (field === undefined) this.unknown.push(path)
      else if (given !== null && given !== undefined) {
        const goPath = at.goPath === '' ? name : `${at.goPath}.${name}`
        out[name] = this.#value(given, field.type, { path, goPath, struct })
      }
    }
    return out
  }

  #value(value: unknown, type: FieldType, at: Place): unknown {
    switch (type.kind) {
      case 'any':
        return value
      case 'object':
        if (!isObject(value)) return wrong(value, type, at)
        return this.object(value, type.name, at)
      case 'list':
        if (!Array.isArray(value)) return wrong(value, type, at)
        return value.map((one, index) => this.#item(one, type.of, { ...at, path: `${at.path}[${index}]` }))
      case 'map':
        if (!isObject(value)) return wrong(value, type, at)
        if (type.of.kind === 'quantity')
          return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, quantityOf(one ?? '0', true)]))
        return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.#item(one, type.of, at)]))
      case 'boolean':
        return typeof value === 'boolean' ? value : wrong(value, type, at)
      case 'int32':
      case 'int64':
        return typeof value === 'number' && Number.isInteger(value) ? value : wrong(value, type, at)
      case 'quantity':
        return quantityOf(value)
      case 'intOrString':
        return typeof value === 'number' || typeof value === 'string' ? value : wrong(value, type, at)
      case 'time':
        return timeOf(value, at)
      case 'bytes':
        return typeof value === 'string' ? bytesOf(value) : wrong(value, type, at)
      case 'string':
        return typeof value === 'string' ? value : wrong(value, type, at)
      default:
        return type satisfies never
    }
  }

  /** Null in a list or a map is the zero of its type. */
  #item(value: unknown, type: FieldType, at: Place): unknown {
    if (value !== null) return this.#value(value, type, at)
    if (type.kind === 'string' || type.kind === 'bytes') return ''
    return {}
  }
}

function wrong(value: unknown, type: FieldType, { goPath, struct }: Place): never {
  const numeric = type.kind === 'int32' || type.kind === 'int64'
  throw new DecodeError(
    `json: cannot unmarshal ${jsonType(value, numeric)} into Go struct field ${struct}.${goPath} of type ${goType(type)}`,
  )
}

function quantityOf(value: unknown, inThousandths = false): string {
  const isAmount = typeof value === 'string' || typeof value === 'number'
  const found = isAmount ? canonicalQuantity(String(value), inThousandths) : undefined
  if (found === undefined) throw new DecodeError(quantityMessage)
  return found
}

function bytesOf(value: string): string {
  const bad = /[^A-Za-z0-9+/=\r\n]/.exec(value)
  const at = bad?.index ?? (value.replaceAll(/[\r\n]/g, '').length % 4 === 0 ? undefined : value.length)
  if (at !== undefined) throw new DecodeError(`illegal base64 data at input byte ${at}`)
  return value
}

const timeLayout = '2006-01-02T15:04:05Z07:00'

function timeOf(value: unknown, at: Place): string {
  if (typeof value !== 'string') return wrong(value, { kind: 'string' }, at)
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(value)) return value
  throw new DecodeError(
    `parsing time ${JSON.stringify(value)} as "${timeLayout}": cannot parse ${JSON.stringify(value)} as "2006"`,
  )
}

/** What came of decoding an object. */
export type Decoded = { ok: true; object: JsonObject; unknown: string[] } | { ok: false; message: string }

/** Takes an object of a definition apart by its schema; kinds without one are taken as they are. */
export function decodeObject(body: JsonObject, definition: string): Decoded {
  const decoder = new Decoder()
  try {
    const object = decoder.object(body, definition, { path: '', goPath: '', struct: '' })
    return { ok: true, object, unknown: decoder.unknown }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    return { ok: false, message: error.message }
  }
}

/** The sentence about fields that do not exist. */
export const unknownFields = (paths: string[]) =>
  `strict decoding error: ${paths.map((path) => `unknown field ${JSON.stringify(path)}`).join(', ')}`

/** The refusal of a body that cannot be decoded. */
export const cannotHandle = (kind: string, version: string, why: string) =>
  badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`)
