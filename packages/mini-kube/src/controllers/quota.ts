import type { ClusterCore } from '../cluster-core.ts'
import { forbidden, type ResourceName } from '../api-error.ts'
import { resourceQuota } from '../kinds/core.ts'
import { pod as podResource } from '../kinds/pod.ts'
import { podRequest } from '../kinds/pod-requests.ts'
import { resources } from '../kinds/registry.ts'
import { sameJson } from '../kinds/resource-definition.ts'
import { quantity } from '../kubelet/environment.ts'
import type { KubeObject, Pod } from '../types.ts'
import { inScope } from './quota-scope.ts'
import { keyOf, splitKey, WorkQueue } from './work-queue.ts'

const computeNames: Record<string, ['requests' | 'limits', string]> = {
  cpu: ['requests', 'cpu'],
  memory: ['requests', 'memory'],
  'requests.cpu': ['requests', 'cpu'],
  'requests.memory': ['requests', 'memory'],
  'limits.cpu': ['limits', 'cpu'],
  'limits.memory': ['limits', 'memory'],
  'ephemeral-storage': ['requests', 'ephemeral-storage'],
  'requests.ephemeral-storage': ['requests', 'ephemeral-storage'],
  'limits.ephemeral-storage': ['limits', 'ephemeral-storage'],
}
const counted = new Set(['pods', 'secrets', 'configmaps', 'persistentvolumeclaims', 'resourcequotas', 'services'])

/** How much of a quota's resource one object uses; 0 if the quota does not cover it. */
function usageOf(resource: Pick<ResourceName, 'group' | 'plural'>, object: KubeObject, name: string): number {
  const id = resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
  if (name === `count/${id}` || (counted.has(name) && name === id)) return 1
  if (name === 'requests.storage' && id === 'persistentvolumeclaims') {
    const { requests } = (object.spec?.['resources'] ?? {}) as { requests?: Record<string, string> }
    return quantity(requests?.['storage'])
  }
  const compute = computeNames[name]
  if (compute === undefined || id !== podResource.id) return 0
  const [kind, what] = compute
  return podRequest(object as Pod, what, kind)
}

const isOver = (object: KubeObject) => ['Succeeded', 'Failed'].includes(String(object.status?.['phase']))

/** A number in the form quotas are written: thousandths for cpu, binary units for memory. */
function amount(name: string, value: number): string {
  if (name.endsWith('cpu')) return Number.isInteger(value) ? String(value) : `${Math.round(value * 1_000)}m`
  if (!/(memory|storage)$/.test(name) || value === 0) return String(value)
  for (const [unit, size] of [
    ['Gi', 2 ** 30],
    ['Mi', 2 ** 20],
    ['Ki', 2 ** 10],
  ] as const) {
    if (value % size === 0) return `${value / size}${unit}`
  }
  return String(value)
}

const hardOf = (quota: KubeObject) => (quota.spec?.['hard'] ?? {}) as Record<string, string>

/** Counts usage and refuses what exceeds a quota. */
export function startQuotas(cluster: ClusterCore): void {
  const { objects, store } = cluster

  function used(quota: KubeObject, name: string): number {
    const { namespace } = quota.metadata
    return resources
      .filter((resource) => resource.stored && resource.namespaced)
      .reduce(
        (sum, resource) =>
          sum +
          objects.list(resource, namespace).reduce((part, object) => {
            const dead = resource.id === podResource.id && isOver(object) && !name.startsWith('count/')
            const mine = !dead && inScope(quota, resource.id, object)
            return part + (mine ? usageOf(resource, object, name) : 0)
          }, 0),
        0,
      )
  }

  const queue = new WorkQueue(cluster, 'quotas', (key) => {
    const { namespace, name } = splitKey(key)
    const quota = objects.get(resourceQuota, namespace, name)
    if (quota === undefined) return
    const hard = hardOf(quota)
    const now = Object.fromEntries(Object.keys(hard).map((one) => [one, amount(one, used(quota, one))]))
    const status = { hard, used: now }
    if (!sameJson(status, quota.status)) objects.update(resourceQuota, { ...quota, status }, { part: 'status' })
  })

  objects.admission.push((resource, object, operation) => {
    const namespace = object.metadata.namespace
    if (operation !== 'create' || namespace === undefined || resource.id === resourceQuota.id) return
    for (const quota of objects.list(resourceQuota, namespace)) check(quota, resource, object)
  })

  function check(quota: KubeObject, resource: ResourceName & { id: string }, object: KubeObject): void {
    if (!inScope(quota, resource.id, object)) return
    const hard = hardOf(quota)
    const name = quota.metadata.name
    const missing = resource.plural === 'pods' ? unspecified(object as Pod, Object.keys(hard)) : []
    if (missing.length > 0)
      throw forbidden(resource, object.metadata.name, `failed quota: ${name}: must specify ${missing.join('; ')}`)
    const exceeded = Object.keys(hard)
      .map((one) => ({ one, wanted: usageOf(resource, object, one) }))
      .filter(({ one, wanted }) => wanted > 0 && used(quota, one) + wanted > quantity(hard[one]))
    if (exceeded.length === 0) return
    const list = (value: (entry: { one: string; wanted: number }) => string) =>
      exceeded.map((entry) => `${entry.one}=${value(entry)}`).join(',')
    throw forbidden(
      resource,
      object.metadata.name,
      `exceeded quota: ${name}, requested: ${list(({ one, wanted }) => amount(one, wanted))}, used: ${list(({ one }) => amount(one, used(quota, one)))}, limited: ${list(({ one }) => hard[one] ?? '')}`,
    )
  }

  const lookAll = (namespace: string | undefined) => {
    for (const quota of objects.list(resourceQuota, namespace)) queue.add(keyOf(quota))
  }
  for (const resource of resources.filter((one) => one.stored && one.namespaced && one.plural !== 'events')) {
    store.subscribe(resource.id, ({ type, object }) => {
      if (type !== 'MODIFIED' || resource.id === podResource.id || resource.id === resourceQuota.id)
        lookAll(object.metadata.namespace)
    })
  }
}

/** A quota on requests or limits requires every container to set them. */
function unspecified(pod: Pod, names: string[]): string[] {
  return names.flatMap((name) => {
    const compute = computeNames[name]
    if (compute === undefined) return []
    const [kind, what] = compute
    const without = pod.spec.containers.filter((one) => one.resources?.[kind]?.[what] === undefined)
    return without.length === 0 ? [] : [`${name} for: ${without.map((one) => one.name).join(',')}`]
  })
}
