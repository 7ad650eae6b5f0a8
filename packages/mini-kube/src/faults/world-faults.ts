import { disrupt } from '../api/eviction.ts'
import type { ApiServer } from '../api/server.ts'
import { notFound } from '../api-error.ts'
import { background, pause } from '../cluster-core.ts'
import type { Cluster } from '../cluster.ts'
import { node as nodeResource } from '../kinds/core.ts'
import { pod as podResource } from '../kinds/pod.ts'
import type { ContainerLifecycle } from '../kubelet/container-lifecycle.ts'
import type { PodWorker } from '../kubelet/pod-worker.ts'
import { randomUid, wholeSeconds } from '../names.ts'
import type { Condition, KubeObject, Pod } from '../types.ts'
import type { WorldFault } from './fault.ts'

/** The switches by which faults move the rest of the cluster. */
export interface World {
  cluster: Cluster
  server: () => ApiServer
  kubelet: { up: boolean; notFoundUntil: number }
  imageProblems: Map<string, string>
  mountProblems: Map<string, string>
  stepClock: (ms: number) => void
}

type Undo = (() => Promise<void> | void) | undefined
type Target = { namespace?: string; pod: string; container?: string }

const fits = (pattern: string, text: string) =>
  pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : pattern === text

/** The first problem with a matching name. */
export const problemFor = (problems: Map<string, string>, name: string) =>
  [...problems].find(([pattern]) => fits(pattern, name))?.[1]

function workerOf({ cluster }: World, { namespace = 'default', pod }: Target): PodWorker {
  const found = cluster.objects.get<Pod>(podResource, namespace, pod)
  const worker = found === undefined ? undefined : cluster.node.kubelet.worker(found.metadata.uid)
  if (worker === undefined) throw notFound(podResource, pod)
  return worker
}

function containerOf(world: World, target: Target): ContainerLifecycle {
  const worker = workerOf(world, target)
  const found =
    target.container === undefined
      ? worker.containers.find((one) => one.log !== undefined)
      : worker.container(target.container)
  if (found?.log === undefined) throw notFound(podResource, `${target.pod}/${target.container ?? '*'}`)
  return found
}

/** Applies a world fault and returns how to undo it; undefined when there is nothing to undo. */
export async function beginWorldFault(world: World, fault: WorldFault): Promise<Undo> {
  const { cluster } = world
  switch (fault.kind) {
    case 'api-down': {
      await world.server().down()
      return later(world, fault.forMs, () => world.server().up())
    }
    case 'kubelet-down':
      kubeletDown(world)
      return later(world, fault.forMs, () => kubeletUp(world, fault.notFoundMs ?? 0))
    case 'node-lost':
      return loseNode(world)
    case 'node-deleted':
      return deleteNode(world)
    case 'image':
      world.imageProblems.set(
        fault.image,
        fault.message ?? `failed to pull and unpack image "${fault.image}": a fault was injected`,
      )
      return () => void world.imageProblems.delete(fault.image)
    case 'mount':
      world.mountProblems.set(fault.volume, fault.message ?? 'a fault was injected')
      return () => void world.mountProblems.delete(fault.volume)
    case 'clock-step':
      world.stepClock(fault.ms)
      return () => world.stepClock(-fault.ms)
    case 'compact':
      cluster.store.compact()
      return undefined
    case 'cut-all':
      world.server().cutAll()
      return undefined
    case 'evict':
      workerOf(world, fault).evict(fault.message ?? 'The node was low on resource: memory. ')
      return undefined
    case 'preempt': {
      const { namespace = 'default', pod } = fault
      disrupt(
        cluster,
        namespace,
        pod,
        'PreemptionByScheduler',
        'default-scheduler: preempting to accommodate a higher priority pod',
      )
      const victim = cluster.objects.delete(podResource, namespace, pod).object
      cluster.events.record({
        about: victim,
        type: 'Normal',
        reason: 'Preempted',
        message: `Preempted by pod ${randomUid(cluster.random)} on node ${cluster.nodeName}`,
        component: 'default-scheduler',
      })
      return undefined
    }
    case 'oom':
      oom(workerOf(world, fault), fault)
      return undefined
    case 'exit':
      workerOf(world, fault).injectExit(fault.container, {
        exitCode: fault.exitCode,
        ...(fault.reason === undefined ? {} : { reason: fault.reason }),
      })
      return undefined
    case 'rotate':
      containerOf(world, fault).log?.rotate()
      return undefined
    case 'repeat-log':
      containerOf(world, fault).log?.repeat(fault.skipFiles ?? 1)
      return undefined
    case 'truncate-log':
      containerOf(world, fault).log?.truncateTail(fault.bytes)
      return undefined
    case 'remove-log':
      containerOf(world, fault).log?.remove()
      return undefined
    default:
      return fault satisfies never
  }
}

/** Undoes a fault after a time, or earlier on request. */
function later(world: World, forMs: number | undefined, undo: () => Promise<void> | void): Undo {
  let done = false
  const once = async () => {
    if (done) return
    done = true
    await undo()
  }
  if (forMs !== undefined) {
    background(world.cluster, 'end of a fault', async () => {
      await pause(world.cluster, forMs)
      await once()
    })
  }
  return once
}

function kubeletDown(world: World): void {
  const { node } = world.cluster
  world.kubelet.up = false
  // Measured: the API server ends the open log streams cleanly within 29 ms.
  node.streams.abort(new Error('the kubelet is down'))
  node.streams = new AbortController()
}

function kubeletUp(world: World, notFoundMs: number): void {
  world.kubelet.up = true
  world.kubelet.notFoundUntil = world.cluster.clock.wallTime() + notFoundMs
  world.cluster.node.kubelet.resync()
}

/** Killed with exit 137, or with another code if only a child died and the main process then exited with that code. */
function oom(worker: PodWorker, { container, exitCode = 137 }: { container?: string; exitCode?: number }): void {
  worker.injectExit(container, { exitCode, reason: 'OOMKilled' })
}

const unreachable = 'node.kubernetes.io/unreachable'

const setNode = (world: World, change: (node: KubeObject) => KubeObject) => {
  const { cluster } = world
  const node = cluster.objects.get(nodeResource, undefined, cluster.nodeName)
  if (node !== undefined) cluster.store.put(nodeResource.id, change(node))
}

function readiness(world: World, ready: boolean): void {
  const now = wholeSeconds(world.cluster.clock.wallTime())
  setNode(world, (node) => {
    const old = (node.status?.['conditions'] ?? []) as Condition[]
    const conditions = old.map((one) =>
      Object.assign(
        {},
        one,
        ready
          ? {
              status: one.type === 'Ready' ? 'True' : 'False',
              reason: `Kubelet${one.type === 'Ready' ? 'Ready' : `HasSufficient`}`,
              message: 'kubelet is posting ready status',
            }
          : { status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' },
        { lastTransitionTime: now },
      ),
    )
    const taints = ready
      ? []
      : [
          { key: unreachable, effect: 'NoSchedule', timeAdded: now },
          { key: unreachable, effect: 'NoExecute', timeAdded: now },
        ]
    const spec = { ...node.spec, taints }
    if (ready) delete (spec as { taints?: unknown }).taints
    return { ...node, spec, status: { ...node.status, conditions } }
  })
}

/** The node is lost: its processes keep running, its status becomes Unknown, then its pods are marked and deleted. */
function loseNode(world: World): Undo {
  const { cluster } = world
  const back = new AbortController()
  kubeletDown(world)
  const run = async () => {
    const stop = AbortSignal.any([back.signal, cluster.signal])
    try {
      await pause(cluster, cluster.timing.nodeGraceMs, stop)
      readiness(world, false)
      podsNotReady(world)
      await Promise.all(onNode(world).map((pod) => evictByTaint(world, pod, stop)))
    } catch (error) {
      if (!stop.aborted) throw error
    }
  }
  background(cluster, 'loss of the node', run)
  return () => {
    back.abort(new Error('the node is back'))
    readiness(world, true)
    kubeletUp(world, 0)
  }
}

const onNode = ({ cluster }: World) =>
  cluster.objects
    .list<Pod>(podResource)
    .filter(
      (pod) => pod.spec.nodeName === cluster.nodeName && !['Succeeded', 'Failed'].includes(pod.status.phase ?? ''),
    )

function podsNotReady(world: World): void {
  const now = wholeSeconds(world.cluster.clock.wallTime())
  for (const pod of onNode(world)) {
    const conditions = (pod.status.conditions ?? []).map((one) =>
      one.type === 'Ready' ? Object.assign({}, one, { status: 'False', lastTransitionTime: now }) : one,
    )
    world.cluster.store.put(podResource.id, { ...pod, status: { ...pod.status, conditions } })
    world.cluster.events.record({
      about: pod,
      type: 'Warning',
      reason: 'NodeNotReady',
      message: 'Node is not ready',
      component: 'node-controller',
    })
  }
}

/** How long a pod tolerates an unreachable node; undefined means indefinitely. */
function toleratedMs({ spec }: Pod, capMs: number): number | undefined {
  const fitting = (spec.tolerations ?? []).filter(
    ({ key, effect }) =>
      (key === undefined || key === unreachable) && (effect === undefined || effect === '' || effect === 'NoExecute'),
  )
  const limits = fitting.map((one) => one.tolerationSeconds).filter((seconds) => seconds !== undefined)
  if (fitting.length > 0 && limits.length === 0) return undefined
  return Math.min(capMs, ...(fitting.length === 0 ? [0] : limits.map((seconds) => seconds * 1_000)))
}

/** Marks and deletes a pod when its toleration of the lost node has expired. */
async function evictByTaint({ cluster }: World, seen: Pod, stop: AbortSignal): Promise<void> {
  const { namespace, name, uid } = seen.metadata
  const left = toleratedMs(seen, cluster.timing.tolerationCapMs)
  if (left === undefined) return
  await pause(cluster, left, stop)
  const pod = cluster.objects.get<Pod>(podResource, namespace, name)
  if (pod?.metadata.uid !== uid || pod.metadata.deletionTimestamp !== undefined) return
  cluster.events.record({
    about: pod,
    type: 'Normal',
    reason: 'TaintManagerEviction',
    message: `Marking for deletion Pod ${namespace}/${name}`,
    component: 'taint-eviction-controller',
  })
  disrupt(cluster, namespace, name, 'DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint')
  cluster.objects.delete(podResource, namespace, name)
}

/** The node object is deleted; the collector then fails its pods and deletes them, container states untouched. */
function deleteNode(world: World): Undo {
  const { cluster } = world
  kubeletDown(world)
  const node = cluster.objects.get(nodeResource, undefined, cluster.nodeName)
  if (node !== undefined) cluster.store.remove(nodeResource.id, node)
  background(cluster, 'collection of pods of a deleted node', async () => {
    await pause(cluster, cluster.timing.podCollectMs)
    for (const pod of onNode(world)) {
      const { namespace, name } = pod.metadata
      disrupt(cluster, namespace, name, 'DeletionByPodGC', 'PodGC: node no longer exists', 'Failed')
      cluster.objects.delete(podResource, namespace, name, { gracePeriodSeconds: 0 })
    }
  })
  return () => {
    if (node !== undefined) cluster.store.put(nodeResource.id, node)
    kubeletUp(world, 0)
  }
}
