import { wholeSeconds } from '../names.ts'
import type { Pod } from '../types.ts'
import type { Cluster } from '../cluster.ts'
import { pod as podResource } from '../kinds/pod.ts'
import type { NamedRequest } from './context.ts'
import { parseObject, readBody, sendJson } from './respond.ts'

/** Marks a pod as taken away by the platform; the condition comes before the delete, with the phase where one is given. */
export function disrupt(
  cluster: Cluster,
  namespace: string | undefined,
  name: string,
  reason: string,
  message: string,
  phase?: 'Failed',
): void {
  cluster.objects.mutate<Pod>(
    podResource,
    namespace,
    name,
    (pod) => {
      const now = wholeSeconds(cluster.clock.wallTime())
      const others = (pod.status.conditions ?? []).filter((condition) => condition.type !== 'DisruptionTarget')
      const condition = {
        type: 'DisruptionTarget',
        observedGeneration: pod.metadata.generation ?? 1,
        status: 'True' as const,
        lastProbeTime: null,
        lastTransitionTime: now,
        reason,
        message,
      }
      const ended = phase === undefined ? {} : { phase }
      return { ...pod, status: { ...pod.status, ...ended, conditions: [...others, condition] } }
    },
    'status',
  )
}

/** POST …/pods/NAME/eviction: the Eviction API (no PodDisruptionBudgets here, so it is never refused). */
export async function evictPod(context: NamedRequest): Promise<void> {
  const raw = await readBody(context.request)
  const body = raw.length === 0 ? {} : parseObject(raw)
  const { cluster, resource, namespace, name, response } = context
  const found = cluster.objects.must(resource, namespace, name)
  const options = (body['deleteOptions'] ?? {}) as { gracePeriodSeconds?: number }
  if (!['Succeeded', 'Failed'].includes(String(found.status?.['phase']))) {
    disrupt(cluster, namespace, name, 'EvictionByEvictionAPI', 'Eviction API: evicting')
  }
  cluster.objects.delete(resource, namespace, name, options)
  sendJson(response, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}
