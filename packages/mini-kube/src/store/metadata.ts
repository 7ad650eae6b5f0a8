import { badRequest, fieldInvalid, fieldRequired, type StatusCause } from '../api-error.ts'
import { groupVersion, type ResourceDefinition } from '../kinds/resource-definition.ts'
import {
  isLabelValue,
  isQualifiedName,
  isSubdomain,
  labelValueMessage,
  nameMessage,
  qualifiedNameMessage,
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
    if (!isQualifiedName(key)) causes.push(fieldInvalid('metadata.labels', key, qualifiedNameMessage(key)))
    if (typeof value !== 'string' || !isLabelValue(value)) {
      causes.push(fieldInvalid('metadata.labels', value, labelValueMessage(String(value))))
    }
  }
  for (const key of Object.keys(annotations ?? {})) {
    if (!isQualifiedName(key.toLowerCase()))
      causes.push(fieldInvalid('metadata.annotations', key, qualifiedNameMessage(key.toLowerCase())))
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
