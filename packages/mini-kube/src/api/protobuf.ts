import { ApiError } from '../api-error.ts'
import type { JsonObject } from '../types.ts'

/** The type of a field; a trailing + means that it repeats. */
type Kind = 'string' | 'bytes' | 'int' | 'bool' | 'time' | 'quantity' | 'map' | 'bytes-map' | 'quantity-map' | Schema
interface Field {
  name: string
  kind: Kind
  repeated?: boolean
}
type Schema = { [number: number]: Field }

const one = (name: string, kind: Kind = 'string'): Field => ({ name, kind })
const many = (name: string, kind: Kind = 'string'): Field => ({ name, kind, repeated: true })

const metadata: Schema = {
  1: one('name'),
  2: one('generateName'),
  3: one('namespace'),
  5: one('uid'),
  6: one('resourceVersion'),
  7: one('generation', 'int'),
  8: one('creationTimestamp', 'time'),
  10: one('deletionGracePeriodSeconds', 'int'),
  11: one('labels', 'map'),
  12: one('annotations', 'map'),
  13: many('ownerReferences', {
    1: one('kind'),
    3: one('name'),
    4: one('uid'),
    5: one('apiVersion'),
    6: one('controller', 'bool'),
    7: one('blockOwnerDeletion', 'bool'),
  }),
  14: many('finalizers'),
}
const meta = one('metadata', metadata)
const rules = many('rules', {
  1: many('verbs'),
  2: many('apiGroups'),
  3: many('resources'),
  4: many('resourceNames'),
  5: many('nonResourceURLs'),
})
const binding: Schema = {
  1: meta,
  2: many('subjects', { 1: one('kind'), 2: one('apiGroup'), 3: one('name'), 4: one('namespace') }),
  3: one('roleRef', { 1: one('apiGroup'), 2: one('kind'), 3: one('name') }),
}
const container: Schema = {
  1: one('name'),
  2: one('image'),
  3: many('command'),
  4: many('args'),
  14: one('imagePullPolicy'),
}

/** The kinds that kubectl's `create` commands send in protobuf. */
const schemas: Record<string, Schema> = {
  Secret: {
    1: meta,
    2: one('data', 'bytes-map'),
    3: one('type'),
    4: one('stringData', 'map'),
    5: one('immutable', 'bool'),
  },
  ConfigMap: { 1: meta, 2: one('data', 'map'), 3: one('binaryData', 'bytes-map'), 4: one('immutable', 'bool') },
  Namespace: { 1: meta },
  ServiceAccount: {
    1: meta,
    3: many('imagePullSecrets', { 1: one('name') }),
    4: one('automountServiceAccountToken', 'bool'),
  },
  ResourceQuota: { 1: meta, 2: one('spec', { 1: one('hard', 'quantity-map') }) },
  Role: { 1: meta, 2: rules },
  ClusterRole: { 1: meta, 2: rules },
  RoleBinding: binding,
  ClusterRoleBinding: binding,
  Job: {
    1: meta,
    2: one('spec', {
      1: one('parallelism', 'int'),
      2: one('completions', 'int'),
      3: one('activeDeadlineSeconds', 'int'),
      6: one('template', {
        1: one('metadata', metadata),
        2: one('spec', { 2: many('containers', container), 3: one('restartPolicy') }),
      }),
      7: one('backoffLimit', 'int'),
      8: one('ttlSecondsAfterFinished', 'int'),
    }),
  },
  TokenRequest: { 1: meta, 2: one('spec', { 1: many('audiences'), 4: one('expirationSeconds', 'int') }) },
  SelfSubjectAccessReview: {
    1: meta,
    2: one('spec', {
      1: one('resourceAttributes', {
        1: one('namespace'),
        2: one('verb'),
        3: one('group'),
        4: one('version'),
        5: one('resource'),
        6: one('subresource'),
        7: one('name'),
      }),
      2: one('nonResourceAttributes', { 1: one('path'), 2: one('verb') }),
    }),
  },
  SelfSubjectRulesReview: { 1: meta, 2: one('spec', { 1: one('namespace') }) },
  SelfSubjectReview: { 1: meta },
  Eviction: { 1: meta, 2: one('deleteOptions', { 1: one('gracePeriodSeconds', 'int'), 4: one('propagationPolicy') }) },
}

const unsupported = (what: string) =>
  new ApiError(
    415,
    'UnsupportedMediaType',
    `mini-kube reads protobuf only as far as kubectl's create commands need it and does not know ${what}; send application/json`,
  )

interface Raw {
  number: number
  value: bigint | Buffer
}

function* fieldsOf(bytes: Buffer): Generator<Raw> {
  let at = 0
  const varint = () => {
    let result = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at]
      if (byte === undefined || shift > 63n) throw unsupported('a number that is cut off')
      at += 1
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return result
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const wire = Number(tag & 7n)
    const number = Number(tag >> 3n)
    if (wire === 0) yield { number, value: varint() }
    else if (wire === 2) {
      const length = Number(varint())
      if (at + length > bytes.length) throw unsupported('a field that is cut off')
      yield { number, value: bytes.subarray(at, at + length) }
      at += length
    } else throw unsupported(`wire type ${wire}`)
  }
}

/** Go writes empty strings, zeros and empty messages, which mean nothing. */
const isEmpty = (value: bigint | Buffer): boolean =>
  typeof value === 'bigint'
    ? value === 0n
    : [...safeFields(value)].every((field) => field !== undefined && isEmpty(field.value))

function* safeFields(bytes: Buffer): Generator<Raw | undefined> {
  try {
    yield* fieldsOf(bytes)
  } catch (error) {
    if (!ApiError.isInstance(error)) throw error
    yield undefined
  }
}

function entry(bytes: Buffer): [string, Buffer] {
  const parts = new Map([...fieldsOf(bytes)].map(({ number, value }) => [number, value]))
  const value = parts.get(2)
  return [String(parts.get(1) ?? ''), Buffer.isBuffer(value) ? value : Buffer.alloc(0)]
}

function valueOf(kind: Kind, value: bigint | Buffer): unknown {
  if (kind === 'int') return Number(BigInt.asIntN(64, value as bigint))
  if (kind === 'bool') return value === 1n
  const bytes = value as Buffer
  if (kind === 'string') return bytes.toString('utf8')
  if (kind === 'bytes') return bytes.toString('base64')
  if (kind === 'time') return undefined
  if (kind === 'quantity') return String([...fieldsOf(bytes)][0]?.value ?? '')
  return decodeMessage(kind as Schema, bytes)
}

function put(target: JsonObject, field: Field, value: bigint | Buffer): void {
  const { name, kind, repeated } = field
  if (kind === 'map' || kind === 'bytes-map' || kind === 'quantity-map') {
    const [key, content] = entry(value as Buffer)
    const inner =
      kind === 'map' ? content.toString('utf8') : valueOf(kind === 'bytes-map' ? 'bytes' : 'quantity', content)
    target[name] = { ...(target[name] as JsonObject | undefined), [key]: inner }
  } else if (repeated) target[name] = [...((target[name] as unknown[] | undefined) ?? []), valueOf(kind, value)]
  else if (kind === 'int' || kind === 'bool' || value.toString() !== '') {
    const decoded = valueOf(kind, value)
    if (decoded !== undefined) target[name] = decoded
  }
}

function decodeMessage(schema: Schema, bytes: Buffer): JsonObject {
  const result: JsonObject = {}
  for (const { number, value } of fieldsOf(bytes)) {
    const field = schema[number]
    if (field !== undefined) put(result, field, value)
    else if (!isEmpty(value)) throw unsupported(`field ${number} of this kind`)
  }
  return result
}

const magic = Buffer.from('k8s\0')

/** Reads an object in `application/vnd.kubernetes.protobuf`; a field it does not know is refused, never dropped. */
export function decodeProtobuf(bytes: Buffer): JsonObject {
  if (!bytes.subarray(0, 4).equals(magic)) throw unsupported('an envelope that does not begin with k8s')
  const envelope = new Map([...fieldsOf(bytes.subarray(4))].map(({ number, value }) => [number, value]))
  const type = decodeMessage({ 1: one('apiVersion'), 2: one('kind') }, (envelope.get(1) ?? Buffer.alloc(0)) as Buffer)
  const schema = schemas[String(type['kind'])]
  if (schema === undefined) throw unsupported(`the kind ${String(type['kind'])}`)
  return { ...type, ...decodeMessage(schema, (envelope.get(2) ?? Buffer.alloc(0)) as Buffer) }
}
