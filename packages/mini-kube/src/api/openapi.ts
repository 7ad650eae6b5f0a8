import { groupVersions, resources } from '../kinds/registry.ts'
import { groupVersion, type ResourceDefinition } from '../kinds/resource-definition.ts'
import { definitionOf } from '../schema/kube-schema.ts'
import { openapiSchemas } from '../schema/openapi-schemas.ts'
import type { JsonObject } from '../types.ts'
import { kubernetesVersion } from './discovery.ts'

const pathOf = (version: string) => (version === 'v1' ? 'api/v1' : `apis/${version}`)

/** The index of OpenAPI v3 documents. */
export const openapiIndex = () => ({
  paths: Object.fromEntries(
    groupVersions().map((version) => [
      pathOf(version),
      { serverRelativeURL: `/openapi/v3/${pathOf(version)}?hash=MINIKUBE` },
    ]),
  ),
})

const query = (name: string) => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } })

function operation(resource: ResourceDefinition, action: string): JsonObject {
  return {
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: resource.group, version: resource.version, kind: resource.kind },
    parameters: [query('dryRun'), query('fieldManager'), query('fieldValidation')],
    responses: { 200: { description: 'OK' } },
  }
}

function pathsOf(resource: ResourceDefinition): [string, JsonObject][] {
  const base = `/${pathOf(groupVersion(resource))}/${resource.namespaced ? 'namespaces/{namespace}/' : ''}${resource.plural}`
  const collection: JsonObject = { post: operation(resource, 'post') }
  if (!resource.stored) return [[base, collection]]
  return [
    [base, { ...collection, get: operation(resource, 'list') }],
    [
      `${base}/{name}`,
      {
        get: operation(resource, 'get'),
        put: operation(resource, 'put'),
        patch: operation(resource, 'patch'),
        delete: operation(resource, 'delete'),
      },
    ],
  ]
}

/** Paths, parameters and schemas: enough for kubectl to validate, merge and explain. */
export function openapiDocument(version: string): JsonObject | undefined {
  const served = resources.filter((resource) => groupVersion(resource) === version)
  if (served.length === 0) return undefined
  const kinds = served.map((one) => ({
    name: definitionOf(one),
    group: one.group,
    version: one.version,
    kind: one.kind,
  }))
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: kubernetesVersion },
    paths: Object.fromEntries(served.flatMap(pathsOf)),
    components: { schemas: openapiSchemas(kinds) },
  }
}
