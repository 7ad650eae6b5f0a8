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
import type { JsonObject, KubeObject, ObjectMeta } from '../types.ts'

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

/** Names, labels and annotations by the API's rules. */
export function validateMetadata(object: KubeObject): StatusCause[] {
  const { name, labels, annotations } = object.metadata
  const causes: StatusCause[] = []
  if (!name) causes.push(fieldRequired('metadata.name', 'name or generateName is required'))
  else if (!isSubdomain(name) && !object.apiVersion.startsWith('rbac.')) {
    causes.push(fieldInvalid('metadata.name', name, nameMessage))
  }
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!isQualifiedName(key)) {
      causes.push(
        fieldInvalid(
          'metadata.labels',
          key,
          "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        ),
      )
    }
    if (typeof value !== 'string' || !isLabelValue(value)) {
      const why =
        typeof value === 'string' && value.length > 63
          ? 'must be no more than 63 bytes'
          : "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
      causes.push(fieldInvalid('metadata.labels', value, why))
    }
  }
  const size = Object.entries(annotations ?? {}).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  if (size > 262_144) {
    causes.push({
      reason: 'FieldValueTooLong',
      message: 'Too long: may not be more than 262144 bytes',
      field: 'metadata.annotations',
    })
  }
  return causes
}
