import type { ResourceDefinition } from '../kinds/resource-definition.ts'
import type { JsonObject, KubeObject } from '../types.ts'

/** The form that the Accept header requests. */
export type Representation = 'object' | 'table' | 'metadata'

export function representationOf(accept: string | undefined): Representation {
  for (const part of (accept ?? '').split(',')) {
    const words = part.split(';').map((word) => word.trim())
    if (words.includes('as=Table')) return 'table'
    if (words.includes('as=PartialObjectMetadata') || words.includes('as=PartialObjectMetadataList')) return 'metadata'
    if (words[0] === 'application/json' || words[0] === '*/*') return 'object'
  }
  return 'object'
}

const partial = (object: KubeObject) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata,
})

/** The server-side table that `kubectl get` prints. */
export function tableOf(
  resource: ResourceDefinition,
  objects: KubeObject[],
  context: { now: number; includeObject: string | null; metadata: JsonObject; withColumns: boolean },
): JsonObject {
  const rows = objects.map((object) => ({
    cells: resource.columns.map((column) => column.value(object, context)),
    object: context.includeObject === 'Object' ? object : context.includeObject === 'None' ? null : partial(object),
  }))
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: context.metadata,
    columnDefinitions: context.withColumns
      ? resource.columns.map(({ name, type, format = '', description = '', priority = 0 }) => ({
          name,
          type,
          format,
          description,
          priority,
        }))
      : null,
    rows,
  }
}

/** One object in the requested form. */
export function represent(
  resource: ResourceDefinition,
  object: KubeObject,
  as: Representation,
  context: { now: number; includeObject: string | null; withColumns: boolean },
): JsonObject {
  if (as === 'object') return object
  if (as === 'metadata') return partial(object)
  return tableOf(resource, [object], { ...context, metadata: { resourceVersion: object.metadata.resourceVersion } })
}
