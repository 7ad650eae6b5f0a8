import { groupVersions, resources } from '../kinds/registry.ts'
import { groupVersion, type ResourceDefinition } from '../kinds/resource-definition.ts'
import type { JsonObject } from '../types.ts'

/** The version this server speaks as: that of the recordings it was built from. */
export const kubernetesVersion = 'v1.36.3'

export const versionInfo = () => ({
  major: '1',
  minor: '36',
  emulationMajor: '1',
  emulationMinor: '36',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '35',
  gitVersion: kubernetesVersion,
  gitCommit: 'mini-kube',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: `node${process.versions.node}`,
  compiler: 'v8',
  platform: `${process.platform}/${process.arch}`,
})

export const apiVersions = (address: string) => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
})

function groupOf(name: string): JsonObject {
  const versions = groupVersions()
    .filter((version) => version.startsWith(`${name}/`))
    .map((version) => ({ groupVersion: version, version: version.slice(name.length + 1) }))
  return { name, versions, preferredVersion: versions[0] }
}

const groupNames = () => [...new Set(resources.map((resource) => resource.group).filter((group) => group !== ''))]

export const apiGroups = () => ({ kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames().map(groupOf) })

export const apiGroup = (name: string) =>
  groupNames().includes(name) ? { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(name) } : undefined

function entries(resource: ResourceDefinition): JsonObject[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories, subresources } = resource
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames === undefined ? {} : { shortNames }),
      ...(categories === undefined ? {} : { categories }),
    },
    ...subresources.map(({ name, group, version, kind: own, verbs: allowed }) =>
      Object.assign(
        { name: `${plural}/${name}`, singularName: '', namespaced },
        group === undefined ? {} : { group, version },
        { kind: own, verbs: allowed },
      ),
    ),
  ]
}

/** The resources of one group and version, undefined when it is not served. */
export function apiResources(version: string): JsonObject | undefined {
  const served = resources.filter((resource) => groupVersion(resource) === version)
  if (served.length === 0) return undefined
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: version, resources: served.flatMap(entries) }
}
