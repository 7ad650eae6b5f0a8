import { node as nodeResource } from '../kinds/core.ts'
import { pod as podResource } from '../kinds/pod.ts'
import { podRequest } from '../kinds/pod-requests.ts'
import type { ClusterCore } from '../cluster-core.ts'
import type { Pod } from '../types.ts'
import { quantity } from './environment.ts'

const over = (pod: Pod) => ['Succeeded', 'Failed'].includes(pod.status.phase ?? '')

/** The unit in which the kubelet counts a resource in its refusals. */
const resources = [
  { name: 'cpu', unit: 1_000 },
  { name: 'memory', unit: 1 },
] as const

/** The capacity of the node for pods. */
export const allocatableOf = ({ objects, nodeName }: ClusterCore): Record<string, string> =>
  (objects.get(nodeResource, undefined, nodeName)?.status?.['allocatable'] ?? {}) as Record<string, string>

/**
 * Why the kubelet refuses a pod that was bound to the node manually, bypassing the scheduler's checks; a pod that the
 * scheduler has placed is known to fit.
 */
export function whyRefused(cluster: ClusterCore, pod: Pod): { reason: string; message: string } | undefined {
  if (pod.status.conditions?.some((one) => one.type === 'PodScheduled' && one.status === 'True')) return undefined
  const allocatable = allocatableOf(cluster)
  const others = cluster.objects
    .list<Pod>(podResource)
    .filter((one) => one.spec.nodeName === cluster.nodeName && !over(one) && one.metadata.uid !== pod.metadata.uid)
  for (const { name, unit } of resources) {
    const requested = podRequest(pod, name) * unit
    const used = others.reduce((sum, one) => sum + podRequest(one, name), 0) * unit
    const capacity = quantity(allocatable[name]) * unit
    if (requested > 0 && used + requested > capacity) {
      const message = `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`
      return { reason: `OutOf${name}`, message }
    }
  }
  return undefined
}
