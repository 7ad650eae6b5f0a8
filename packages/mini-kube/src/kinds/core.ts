import { fieldForbidden, fieldInvalid, fieldRequired, fieldUnsupported, type StatusCause } from '../api-error.ts'
import { isLabel, isSubdomain, labelMessage } from '../names.ts'
import type { JsonObject, KubeObject } from '../types.ts'
import { ageColumn, ageOf, defineResource, nameColumn, sameJson, type TableColumn } from './resource-definition.ts'
import { validateQuota, validateQuotaStatus, validateQuotaUpdate } from './validate-quota.ts'

const text = (value: unknown, none = '<none>') =>
  value === undefined || value === null || value === '' ? none : String(value)
const column = (name: string, value: TableColumn['value'], priority = 0): TableColumn => ({
  name,
  type: 'string',
  priority,
  value,
})
const keyCount = (...maps: unknown[]) =>
  maps.reduce<number>((sum, map) => sum + (typeof map === 'object' && map !== null ? Object.keys(map).length : 0), 0)

export const namespace = defineResource({
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  hasStatus: true,
  verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  subresources: [{ name: 'finalize', kind: 'Namespace', verbs: ['update'] }],
  selectableFields: (object) => ({ 'status.phase': text(object.status?.['phase'], '') }),
  prepareCreate: (object) => {
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name }
    object.spec = { finalizers: ['kubernetes'] }
    object.status = { phase: 'Active' }
  },
  validate: ({ metadata: { name } }) => {
    if (isLabel(name) || !isSubdomain(name)) return []
    return [fieldInvalid('metadata.name', name, name.includes('.') ? 'must not contain dots' : labelMessage)]
  },
  columns: [nameColumn, column('Status', (object) => text(object.status?.['phase'])), ageColumn],
})

/** Total size of a Secret's values. */
const dataBytes = (data: unknown) =>
  Object.values((data ?? {}) as Record<string, string>).reduce(
    (sum, value) => sum + Math.floor((value.length * 3) / 4),
    0,
  )

/** Why a key is not a valid file name. */
function whyNoFile(key: string): string | undefined {
  if (key.length > 253) return 'must be no more than 253 characters'
  if (!/^[-._a-zA-Z0-9]+$/.test(key))
    return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
  if (key === '.' || key === '..') return `must not be '${key}'`
  return key.startsWith('..') ? "must not start with '..'" : undefined
}

const badKeys = (data: unknown, field: string): StatusCause[] =>
  Object.keys((data ?? {}) as JsonObject).flatMap((key) => {
    const why = whyNoFile(key)
    return why === undefined ? [] : [fieldInvalid(`${field}[${key}]`, key, why)]
  })

const tooLarge = (field: string): StatusCause => ({
  reason: 'FieldValueTooLong',
  message: 'Too long: may not be more than 1048576 bytes',
  field,
})

/** The keys that a Secret of a built-in type must have. */
const typedKeys: Record<string, string[]> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}

function missingKeys(secret: KubeObject): StatusCause[] {
  const data = (secret['data'] ?? {}) as JsonObject
  const required = typedKeys[String(secret['type'])] ?? []
  const causes = required.filter((key) => !(key in data)).map((key) => fieldRequired(`data[${key}]`))
  if (secret['type'] === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data))
    causes.push(fieldRequired('data[username]'), fieldRequired('data[password]'))
  return causes
}

/** A ConfigMap's keys are in one of its maps, and all of it fits. */
function validateConfigMap(object: KubeObject): StatusCause[] {
  const data = (object['data'] ?? {}) as Record<string, string>
  const binary = (object['binaryData'] ?? {}) as Record<string, string>
  const causes = badKeys(data, 'data')
  for (const key of Object.keys(data)) {
    if (key in binary) causes.push(fieldInvalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
  }
  causes.push(...badKeys(binary, 'binaryData'))
  const size = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), dataBytes(binary))
  if (size > 1_048_576) causes.push(tooLarge('[]'))
  return causes
}

function immutableData(next: KubeObject, old: KubeObject, fields: string[]): StatusCause[] {
  if (old['immutable'] !== true) return []
  const causes: StatusCause[] = []
  if (next['immutable'] !== true) causes.push(fieldForbidden('immutable', 'field is immutable when `immutable` is set'))
  for (const field of fields) {
    if (!sameJson(next[field] ?? {}, old[field] ?? {})) {
      causes.push(fieldForbidden(field, 'field is immutable when `immutable` is set'))
    }
  }
  return causes
}

export const secret = defineResource({
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  selectableFields: (object) => ({ type: text(object['type'], '') }),
  prepareCreate: (object) => {
    foldStringData(object)
    object['type'] ??= 'Opaque'
  },
  validate: (object) => {
    const causes = badKeys(object['data'], 'data')
    if (dataBytes(object['data']) > 1_048_576) causes.push(tooLarge('data'))
    return [...causes, ...missingKeys(object)]
  },
  validateUpdate: (next, old) => [
    ...immutableData(next, old, ['data']),
    ...(next['type'] === old['type']
      ? []
      : [
          {
            reason: 'FieldValueInvalid',
            message: `Invalid value: ${JSON.stringify(next['type'])}: field is immutable`,
            field: 'type',
          },
        ]),
  ],
  columns: [
    nameColumn,
    column('Type', (object) => text(object['type'])),
    { name: 'Data', type: 'string', value: (object) => keyCount(object['data']) },
    ageColumn,
  ],
})

/** `stringData` is write-only: the server moves it into `data`. */
export function foldStringData(object: KubeObject): void {
  const plain = object['stringData']
  if (typeof plain !== 'object' || plain === null) return
  const encoded = Object.entries(plain as Record<string, string>).map(([key, value]) => [
    key,
    Buffer.from(value).toString('base64'),
  ])
  object['data'] = { ...(object['data'] as JsonObject | undefined), ...Object.fromEntries(encoded) }
  delete object['stringData']
}

export const configMap = defineResource({
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  validate: validateConfigMap,
  validateUpdate: (next, old) => immutableData(next, old, ['data', 'binaryData']),
  columns: [
    nameColumn,
    { name: 'Data', type: 'string', value: (object) => keyCount(object['data'], object['binaryData']) },
    ageColumn,
  ],
})

const modes: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

export const persistentVolumeClaim = defineResource({
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  singular: 'persistentvolumeclaim',
  shortNames: ['pvc'],
  hasStatus: true,
  prepareCreate: (object) => {
    object.spec = { volumeMode: 'Filesystem', ...object.spec }
    object.status = { phase: 'Pending' }
    object.metadata.finalizers = [...(object.metadata.finalizers ?? []), 'kubernetes.io/pvc-protection']
  },
  validate: (object) => {
    const { accessModes = [], resources } = (object.spec ?? {}) as {
      accessModes?: string[]
      resources?: { requests?: { storage?: string } }
    }
    const causes = accessModes
      .filter((mode) => !(mode in modes))
      .map((mode) => fieldUnsupported('spec.accessModes', mode, Object.keys(modes).sort()))
    if (accessModes.length === 0) causes.push(fieldRequired('spec.accessModes', 'at least 1 access mode is required'))
    if (resources?.requests?.storage === undefined) causes.push(fieldRequired('spec.resources[storage]'))
    return causes
  },
  columns: [
    nameColumn,
    column('Status', (object) => text(object.metadata.deletionTimestamp ? 'Terminating' : object.status?.['phase'])),
    column('Volume', (object) => text(object.spec?.['volumeName'], '')),
    column('Capacity', (object) => text((object.status?.['capacity'] as JsonObject | undefined)?.['storage'], '')),
    column('Access Modes', (object) =>
      ((object.status?.['accessModes'] ?? []) as string[]).map((mode) => modes[mode] ?? mode).join(','),
    ),
    column('StorageClass', (object) => text(object.spec?.['storageClassName'], '')),
    column('VolumeAttributesClass', () => '<unset>'),
    ageColumn,
    column('VolumeMode', (object) => text(object.spec?.['volumeMode'], ''), 1),
  ],
})

interface Involved {
  kind?: string
  namespace?: string
  name?: string
  uid?: string
  apiVersion?: string
  resourceVersion?: string
  fieldPath?: string
}
const involved = (object: KubeObject) => (object['involvedObject'] ?? {}) as Involved
const seenAt = (object: KubeObject) =>
  text(object['lastTimestamp'] ?? object['eventTime'] ?? object.metadata.creationTimestamp, '')

export const event = defineResource({
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  selectableFields: (object) => {
    const about = involved(object)
    return {
      'involvedObject.kind': text(about.kind, ''),
      'involvedObject.namespace': text(about.namespace, ''),
      'involvedObject.name': text(about.name, ''),
      'involvedObject.uid': text(about.uid, ''),
      'involvedObject.apiVersion': text(about.apiVersion, ''),
      'involvedObject.resourceVersion': text(about.resourceVersion, ''),
      'involvedObject.fieldPath': text(about.fieldPath, ''),
      reason: text(object['reason'], ''),
      reportingComponent: text(object['reportingComponent'], ''),
      source: text((object['source'] as JsonObject | undefined)?.['component'] ?? object['reportingComponent'], ''),
      type: text(object['type'], ''),
    }
  },
  columns: [
    column('Last Seen', (object, { now }) => ageOf(seenAt(object), now)),
    column('Type', (object) => text(object['type'], '')),
    column('Reason', (object) => text(object['reason'], '')),
    column('Object', (object) => `${text(involved(object).kind, '').toLowerCase()}/${text(involved(object).name, '')}`),
    column('Subobject', (object) => text(involved(object).fieldPath, ''), 1),
    column('Source', (object) => text(object['reportingComponent'], ''), 1),
    column('Message', (object) => text(object['message'], '').trim()),
    column('First Seen', (object, { now }) => ageOf(text(object['firstTimestamp'] ?? object['eventTime'], ''), now), 1),
    { name: 'Count', type: 'string', priority: 1, value: (object) => Number(object['count'] ?? 1) },
    { ...nameColumn, priority: 1 },
  ],
})

export const serviceAccount = defineResource({
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  subresources: [
    { name: 'token', group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', verbs: ['create'] },
  ],
})

export const node = defineResource({
  kind: 'Node',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  hasStatus: true,
  selectableFields: (object) => ({ 'spec.unschedulable': String(object.spec?.['unschedulable'] ?? false) }),
  prepareCreate: (object) => {
    object.spec ??= {}
    object.status ??= {}
  },
  columns: [
    nameColumn,
    column('Status', (object) => {
      const conditions = (object.status?.['conditions'] ?? []) as { type: string; status: string }[]
      const ready = conditions.find((condition) => condition.type === 'Ready')
      const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
      if (object.spec?.['unschedulable']) words.push('SchedulingDisabled')
      return words.join(',')
    }),
    column('Roles', () => '<none>'),
    ageColumn,
    column('Version', (object) =>
      text((object.status?.['nodeInfo'] as JsonObject | undefined)?.['kubeletVersion'], ''),
    ),
  ],
})

const amounts = (object: KubeObject, filter: (name: string) => boolean) => {
  const hard = (object.status?.['hard'] ?? {}) as Record<string, string>
  const used = (object.status?.['used'] ?? {}) as Record<string, string>
  return Object.keys(hard)
    .filter(filter)
    .sort()
    .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`)
    .join(', ')
}

export const resourceQuota = defineResource({
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  singular: 'resourcequota',
  shortNames: ['quota'],
  hasStatus: true,
  validate: validateQuota,
  validateUpdate: validateQuotaUpdate,
  validateStatus: validateQuotaStatus,
  prepareCreate: (object) => {
    object.status = {}
  },
  columns: [
    nameColumn,
    column('Request', (object) => amounts(object, (name) => !name.startsWith('limits.'))),
    column('Limit', (object) => amounts(object, (name) => name.startsWith('limits.'))),
    ageColumn,
  ],
})

export const lease = defineResource({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  validate: ({ spec }) => {
    const seconds = spec?.['leaseDurationSeconds']
    return typeof seconds === 'number' && seconds <= 0
      ? [fieldInvalid('spec.leaseDurationSeconds', seconds, 'must be greater than 0')]
      : []
  },
  plural: 'leases',
  singular: 'lease',
  columns: [nameColumn, column('Holder', (object) => text(object.spec?.['holderIdentity'], '')), ageColumn],
})
