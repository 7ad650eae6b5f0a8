import { badRequest, fieldInvalid, fieldRequired, type StatusCause } from '../api-error.ts'
import { groupVersion, type ResourceDefinition } from '../kinds/resource-definition.ts'
import {
  isLabelValue,
  isQualifiedName,
  isSubdomain,
  nameMessage,
  randomSuffix,
  randomUid,
  wholeSeconds,
} from '../names.ts'
import type { JsonObject, KubeObject, ObjectMeta, OwnerReference } from '../types.ts'

/** Gives a new object its identity: name from generateName, uid, creation time, namespace. */
export function newObject(
  resource: ResourceDefinition,
  namespace: string | undefined,
  body: JsonObject,
  context: { random: () => number; now: () => number },
): KubeObject {
  const given = (body['metadata'] ?? {}) as Partial<ObjectMeta>
  if (given.resourceVersion) throw badRequest('resourceVersion should not be set on objects to be created')
  if (resource.namespaced && given.namespace && given.namespace !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  const name =
    given.name || (given.generateName ? `${given.generateName.slice(0, 58)}${randomSuffix(context.random)}` : '')
  const {
    creationTimestamp: _c,
    deletionTimestamp: _d,
    deletionGracePeriodSeconds: _g,
    uid: _u,
    managedFields: _m,
    generation: _generation,
    ...rest
  } = given
  const metadata: ObjectMeta = {
    ...rest,
    name,
    ...(resource.namespaced && namespace !== undefined ? { namespace } : {}),
    uid: randomUid(context.random),
    resourceVersion: '',
    creationTimestamp: wholeSeconds(context.now()),
  }
  if (!resource.namespaced) delete metadata.namespace
  if (resource.hasGeneration) metadata.generation = 1
  return { ...body, kind: resource.kind, apiVersion: groupVersion(resource), metadata }
}

const namePart =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const labelValue =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

/** Why a key of labels or annotations is none. */
function whyNoKey(key: string): string {
  const slash = key.indexOf('/')
  if (slash !== -1 && !isSubdomain(key.slice(0, slash))) return `prefix part ${nameMessage}`
  return key.slice(slash + 1).length > 63 ? 'name part must be no more than 63 bytes' : namePart
}

function validateName(name: string, field: string): StatusCause[] {
  if (name.length > 253) return [fieldInvalid(field, name, 'must be no more than 253 characters')]
  return isSubdomain(name) ? [] : [fieldInvalid(field, name, nameMessage)]
}

function validateOwners(owners: OwnerReference[]): StatusCause[] {
  return owners.flatMap(({ apiVersion, kind, name, uid }) => {
    const at = 'metadata.ownerReferences'
    const empty = [
      [`${at}.apiVersion`, apiVersion, 'version must not be empty'],
      [`${at}.kind`, kind, 'must not be empty'],
      [`${at}.name`, name, 'must not be empty'],
      [`${at}.uid`, uid, 'must not be empty'],
    ] as const
    return empty.flatMap(([field, value, why]) => (value ? [] : [fieldInvalid(field, '', why)]))
  })
}

const standardFinalizers = new Set(['orphan', 'foregroundDeletion', 'kubernetes'])

/** Names, labels, annotations, owners and finalizers by the API's rules. */
export function validateMetadata(object: KubeObject): StatusCause[] {
  const { name, generateName, labels, annotations, ownerReferences = [], finalizers = [] } = object.metadata
  const causes: StatusCause[] = []
  if (generateName && !object.apiVersion.startsWith('rbac.') && !isSubdomain(generateName.replace(/-$/, 'a'))) {
    causes.push(fieldInvalid('metadata.generateName', generateName, nameMessage))
  }
  if (!name) causes.push(fieldRequired('metadata.name', 'name or generateName is required'))
  else if (!object.apiVersion.startsWith('rbac.')) causes.push(...validateName(name, 'metadata.name'))
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!isQualifiedName(key)) causes.push(fieldInvalid('metadata.labels', key, whyNoKey(key)))
    if (typeof value !== 'string' || !isLabelValue(value)) {
      const long = typeof value === 'string' && value.length > 63
      causes.push(fieldInvalid('metadata.labels', value, long ? 'must be no more than 63 bytes' : labelValue))
    }
  }
  for (const key of Object.keys(annotations ?? {})) {
    if (!isQualifiedName(key.toLowerCase()))
      causes.push(fieldInvalid('metadata.annotations', key, whyNoKey(key.toLowerCase())))
  }
  const size = Object.entries(annotations ?? {}).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  if (size > 262_144) {
    causes.push({
      reason: 'FieldValueTooLong',
      message: 'Too long: may not be more than 262144 bytes',
      field: 'metadata.annotations',
    })
  }
  causes.push(...validateOwners(ownerReferences))
  for (const [index, finalizer] of finalizers.entries()) {
    if (!standardFinalizers.has(finalizer) && !finalizer.includes('/')) {
      const why = 'name is neither a standard finalizer name nor is it fully qualified'
      causes.push(fieldInvalid(`metadata.finalizers[${index}]`, finalizer, why))
    }
  }
  return causes
}
