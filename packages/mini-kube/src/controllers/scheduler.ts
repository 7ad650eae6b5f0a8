import type { ClusterCore } from '../cluster-core.ts'
import { node as nodeResource, persistentVolumeClaim } from '../kinds/core.ts'
import { pod as podResource } from '../kinds/pod.ts'
import { podRequest } from '../kinds/pod-requests.ts'
import { quantity } from '../kubelet/environment.ts'
import { wholeSeconds } from '../names.ts'
import type { Condition, KubeObject, Pod } from '../types.ts'
import { keyOf, splitKey, WorkQueue } from './work-queue.ts'

const over = (pod: Pod) => ['Succeeded', 'Failed'].includes(pod.status.phase ?? '')

interface Taint {
  key: string
  value?: string
  effect: string
}

const tolerates = (pod: Pod, taint: Taint) =>
  (pod.spec.tolerations ?? []).some(
    (toleration) =>
      (toleration.effect === undefined || toleration.effect === '' || toleration.effect === taint.effect) &&
      (toleration.key === undefined || toleration.key === taint.key) &&
      (toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '')),
  )

interface Expression {
  key: string
  operator: string
  values?: string[]
}

function matchesExpression(labels: Record<string, string>, { key, operator, values = [] }: Expression): boolean {
  const value = labels[key]
  if (operator === 'In') return value !== undefined && values.includes(value)
  if (operator === 'NotIn') return value === undefined || !values.includes(value)
  if (operator === 'Exists') return value !== undefined
  if (operator === 'DoesNotExist') return value === undefined
  return operator === 'Gt' ? Number(value) > Number(values[0]) : Number(value) < Number(values[0])
}

function matchesNode(pod: Pod, node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {}
  if (Object.entries(pod.spec.nodeSelector ?? {}).some(([key, value]) => labels[key] !== value)) return false
  const affinity = pod.spec.affinity as
    | {
        nodeAffinity?: {
          requiredDuringSchedulingIgnoredDuringExecution?: { nodeSelectorTerms: { matchExpressions?: Expression[] }[] }
        }
      }
    | undefined
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required === undefined) return true
  return required.nodeSelectorTerms.some((term) =>
    (term.matchExpressions ?? []).every((one) => matchesExpression(labels, one)),
  )
}

const preemption = (why: string) => ` no new claims to deallocate, preemption: 0/1 nodes are available: 1 ${why}.`
const noPreemption = preemption('Preemption is not helpful for scheduling')
/** What fits the empty node may fit after preemption, if there were pods of lower priority. */
const noVictims = preemption('No preemption victims found for incoming pod')

/** The scheduler's message if a pod fits no node; undefined if it fits. */
function whyUnschedulable(
  pod: Pod,
  node: KubeObject | undefined,
  bound: () => Pod[],
  count: number,
  claims: (name: string) => KubeObject | undefined,
): string | undefined {
  if (node === undefined) return 'no nodes available to schedule pods'
  for (const volume of pod.spec.volumes ?? []) {
    const name = volume.persistentVolumeClaim?.claimName
    if (name === undefined) continue
    const claim = claims(name)
    if (claim === undefined) return `0/1 nodes are available: persistentvolumeclaim "${name}" not found. not found`
    if (claim.status?.['phase'] !== 'Bound')
      return '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found'
    if (claim.metadata.deletionTimestamp !== undefined) {
      return `0/1 nodes are available: persistentvolumeclaim "${name}" is being deleted. not found`
    }
  }
  if (node.spec?.['unschedulable'] === true)
    return `0/1 nodes are available: 1 node(s) were unschedulable.${noPreemption}`
  const taints = (node.spec?.['taints'] ?? []) as Taint[]
  if (taints.some((taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(pod, taint))) {
    return `0/1 nodes are available: 1 node(s) had untolerated taint(s).${noPreemption}`
  }
  if (!matchesNode(pod, node)) {
    return `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.${noPreemption}`
  }
  const needs = ['cpu', 'memory'].filter((resource) => podRequest(pod, resource) > 0)
  const allocatable = (node.status?.['allocatable'] ?? {}) as Record<string, string>
  const short = needs
    .filter((resource) => {
      const used = bound().reduce((sum, other) => sum + podRequest(other, resource), 0)
      return used + podRequest(pod, resource) > quantity(allocatable[resource])
    })
    .map((resource) => `1 Insufficient ${resource}`)
  if (count >= quantity(allocatable['pods'])) short.unshift('1 Too many pods')
  if (short.length === 0) return undefined
  const fitsAlone = needs.every((resource) => podRequest(pod, resource) <= quantity(allocatable[resource]))
  return `0/1 nodes are available: ${short.join(', ')}.${fitsAlone ? noVictims : noPreemption}`
}

/** Binds pods to the node, or reports why it cannot. */
export function startScheduler(cluster: ClusterCore): void {
  const { store, objects, timing } = cluster
  /** Pods without a node, and pods that use its capacity. */
  const pending = new Set<string>()
  const placed = new Set<string>()
  const queue = new WorkQueue(cluster, 'scheduler', (key) => {
    const { namespace, name } = splitKey(key)
    const pod = objects.get<Pod>(podResource, namespace, name)
    if (
      pod === undefined ||
      pod.spec.nodeName !== undefined ||
      over(pod) ||
      // Pods of another scheduler wait for it indefinitely.
      pod.spec['schedulerName'] !== 'default-scheduler' ||
      pod.metadata.deletionTimestamp !== undefined
    )
      return
    if ((pod.spec.schedulingGates ?? []).length > 0) {
      setScheduled(pod, 'False', 'SchedulingGated', 'Scheduling is blocked due to non-empty scheduling gates')
      return
    }
    const bound = () =>
      objects.list<Pod>(podResource).filter((other) => other.spec.nodeName !== undefined && !over(other))
    const why = whyUnschedulable(
      pod,
      objects.get(nodeResource, undefined, cluster.nodeName),
      bound,
      placed.size,
      (claim) => objects.get(persistentVolumeClaim, namespace, claim),
    )
    if (why === undefined) bind(pod)
    else if (setScheduled(pod, 'False', 'Unschedulable', why)) {
      cluster.events.record({
        about: pod,
        type: 'Warning',
        reason: 'FailedScheduling',
        message: why,
        component: 'default-scheduler',
      })
    }
  })

  function condition(status: 'True' | 'False', reason?: string, message?: string): Condition {
    return {
      type: 'PodScheduled',
      status,
      lastProbeTime: null,
      lastTransitionTime: wholeSeconds(cluster.clock.wallTime()),
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    }
  }

  function setScheduled(pod: Pod, status: 'False', reason: string, message: string): boolean {
    const old = pod.status.conditions?.find((one) => one.type === 'PodScheduled')
    if (old?.reason === reason && old.message === message) return false
    const others = (pod.status.conditions ?? []).filter((one) => one.type !== 'PodScheduled')
    store.put(podResource.id, {
      ...pod,
      status: { ...pod.status, conditions: [...others, condition(status, reason, message)] },
    })
    return true
  }

  /** A binding sets the node and the condition in one write. */
  function bind(pod: Pod): void {
    const others = (pod.status.conditions ?? []).filter((one) => one.type !== 'PodScheduled')
    const spec = { ...pod.spec, nodeName: cluster.nodeName }
    const stored = store.put(podResource.id, {
      ...pod,
      spec,
      status: { ...pod.status, conditions: [...others, condition('True')] },
    })
    const place = `${pod.metadata.namespace}/${pod.metadata.name}`
    cluster.events.record({
      about: stored,
      type: 'Normal',
      reason: 'Scheduled',
      message: `Successfully assigned ${place} to ${cluster.nodeName}`,
      component: 'default-scheduler',
    })
  }

  const retryAll = () => {
    for (const key of pending) queue.add(key)
  }
  store.subscribe(podResource.id, ({ type, object }) => {
    const pod = object as Pod
    const key = keyOf(pod)
    const waits = type !== 'DELETED' && !over(pod) && pod.spec.nodeName === undefined
    if (waits) pending.add(key)
    else pending.delete(key)
    if (type === 'DELETED' || over(pod)) placed.delete(key)
    else if (pod.spec.nodeName !== undefined) placed.add(key)
    if (type === 'DELETED' || over(pod)) retryAll()
    else if (pod.spec.nodeName === undefined && (type === 'ADDED' || (pod.status.conditions ?? []).length === 0)) {
      queue.addAfter(keyOf(pod), timing.scheduleMs)
    } else if (
      pod.spec.nodeName === undefined &&
      pod.status.conditions?.some((one) => one.reason === 'SchedulingGated')
    ) {
      queue.add(keyOf(pod))
    }
  })
  store.subscribe(nodeResource.id, retryAll)
  store.subscribe(persistentVolumeClaim.id, retryAll)
}
