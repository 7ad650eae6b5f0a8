import { fieldForbidden, fieldRequired, type StatusCause } from '../api-error.ts'
import type { JsonObject, KubeObject } from '../types.ts'
import { ageColumn, ageOf, defineResource, nameColumn, sameJson, type TableColumn } from './resource-definition.ts'

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
  columns: [nameColumn, column('Status', (object) => text(object.status?.['phase'])), ageColumn],
})

/** Sum of the sizes of a Secret's values. */
const dataBytes = (data: unknown) =>
  Object.values((data ?? {}) as Record<string, string>).reduce(
    (sum, value) => sum + Math.floor((value.length * 3) / 4),
    0,
  )

const badKeys = (data: unknown, field: string): StatusCause[] =>
  Object.keys((data ?? {}) as JsonObject)
    .filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key))
    .map((key) => ({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(key)}: a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      field: `${field}[${key}]`,
    }))

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
    if (dataBytes(object['data']) > 1_048_576) {
      causes.push({
        reason: 'FieldValueTooLong',
        message: 'Too long: may not be more than 1048576 bytes',
        field: 'data',
      })
    }
    return causes
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
  validate: (object) => [...badKeys(object['data'], 'data'), ...badKeys(object['binaryData'], 'binaryData')],
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
  validate: (object) =>
    object.spec?.['accessModes'] ? [] : [fieldRequired('spec.accessModes', 'at least 1 access mode is required')],
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
  columns: [
    nameColumn,
    { name: 'Secrets', type: 'string', value: (object) => ((object['secrets'] ?? []) as unknown[]).length },
    ageColumn,
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
  plural: 'leases',
  singular: 'lease',
  columns: [nameColumn, column('Holder', (object) => text(object.spec?.['holderIdentity'], '')), ageColumn],
})
