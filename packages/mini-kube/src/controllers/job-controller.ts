import { ApiError } from '../api-error.ts'
import type { Cluster } from '../cluster.ts'
import { job as jobResource, jobFinished } from '../kinds/job.ts'
import { pod as podResource } from '../kinds/pod.ts'
import { sameJson } from '../kinds/resource-definition.ts'
import { wholeSeconds } from '../names.ts'
import type { Job, JsonObject, KubeObject, Pod } from '../types.ts'
import { planJob, trackingFinalizer } from './job-plan.ts'
import { keyOf, splitKey, WorkQueue } from './work-queue.ts'

const ownerOf = (object: KubeObject) =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true && owner.kind === 'Job')

/** Runs Jobs: creates their pods, counts them, sets conditions in the real order. */
export function startJobController(cluster: Cluster): void {
  const { store, objects, timing, clock, events } = cluster
  const lastFailure = new Map<string, number>()
  const createBackoff = new Map<string, number>()
  const podsByJob = new Map<string, Set<string>>()

  const queue = new WorkQueue(cluster, 'job controller', (key) => {
    const { namespace, name } = splitKey(key)
    const job = objects.get<Job>(jobResource, namespace, name)
    if (job !== undefined) sync(job, key)
  })

  const podsOf = (job: Job): Pod[] =>
    [...(podsByJob.get(job.metadata.uid) ?? [])]
      .map((name) => objects.get<Pod>(podResource, job.metadata.namespace, name))
      .filter((pod) => pod !== undefined)
      .filter((pod) => ownerOf(pod)?.uid === job.metadata.uid)

  function release(pod: Pod): void {
    objects.mutate<Pod>(podResource, pod.metadata.namespace, pod.metadata.name, (current) => {
      if (current.metadata.uid !== pod.metadata.uid || !current.metadata.finalizers?.includes(trackingFinalizer))
        return undefined
      const finalizers = current.metadata.finalizers.filter((one) => one !== trackingFinalizer)
      return { ...current, metadata: { ...current.metadata, finalizers } }
    })
  }

  function sync(job: Job, key: string): void {
    if (job.metadata.deletionTimestamp !== undefined) {
      syncDeleting(job)
      return
    }
    if (jobFinished(job)) {
      for (const pod of podsOf(job)) release(pod)
      return
    }
    const nowMs = clock.now()
    const pods = podsOf(job)
    const plan = planJob(job, pods, {
      nowMs,
      now: wholeSeconds(nowMs),
      backoffMs: timing.jobBackoffMs,
      lastFailureMs: lastFailure.get(job.metadata.uid),
    })
    if ((plan.status.uncountedTerminatedPods?.failed ?? []).length > 0) lastFailure.set(job.metadata.uid, nowMs)
    for (const pod of plan.discard) {
      release(pod)
      deletePod(job, pod)
    }
    for (const pod of plan.remove) deletePod(job, pod)
    if (plan.create > 0) plan.create = createPods(job, plan.create, key)
    const active = plan.status.active ?? 0
    if (plan.create === 0 && active > 0 && pods.length === 0) delete plan.status.active
    const before = job.status
    let current: Job = job
    if (!sameJson(plan.status, before)) {
      current = objects.update(jobResource, { ...job, status: plan.status }, { part: 'status' }) as Job
      // A second look turns counted pods into final numbers.
      queue.add(key)
    }
    for (const pod of plan.release) release(pod)
    if (plan.event !== undefined) events.record({ about: current, ...plan.event, component: 'job-controller' })
    if (plan.lookAfterMs !== undefined) queue.addAfter(key, plan.lookAfterMs, `${key} later`)
  }

  /** A Job that waits for its pods to go lets them go. */
  function syncDeleting(job: Job): void {
    const pods = podsOf(job)
    for (const pod of pods) release(pod)
    const over = (pod: Pod) => ['Succeeded', 'Failed'].includes(pod.status.phase ?? '')
    const alive = pods.filter((pod) => !over(pod))
    const active = alive.filter((pod) => pod.metadata.deletionTimestamp === undefined)
    const ready = active.filter((pod) =>
      pod.status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
    )
    const status: Job['status'] = { ...job.status, ready: ready.length, terminating: alive.length - active.length }
    if (active.length > 0) status.active = active.length
    else delete status.active
    if (!sameJson(status, job.status)) objects.update(jobResource, { ...job, status }, { part: 'status' })
  }

  function deletePod(job: Job, pod: Pod): void {
    objects.delete(podResource, pod.metadata.namespace, pod.metadata.name, { preconditions: { uid: pod.metadata.uid } })
    const message = `Deleted pod: ${pod.metadata.name}`
    events.record({ about: job, type: 'Normal', reason: 'SuccessfulDelete', message, component: 'job-controller' })
  }

  function createPods(job: Job, count: number, key: string): number {
    let made = 0
    for (; made < count; made++) {
      try {
        const created = objects.create(podResource, job.metadata.namespace, podFrom(job))
        const message = `Created pod: ${created.metadata.name}`
        events.record({ about: job, type: 'Normal', reason: 'SuccessfulCreate', message, component: 'job-controller' })
        createBackoff.delete(key)
      } catch (error) {
        if (!ApiError.isInstance(error)) throw error
        const message = `Error creating: ${error.message}`
        events.record({ about: job, type: 'Warning', reason: 'FailedCreate', message, component: 'job-controller' })
        const wait = createBackoff.get(key) ?? timing.jobBackoffMs / 10
        createBackoff.set(key, Math.min(wait * 2, 60_000))
        queue.addAfter(key, Math.max(1, wait), `${key} create`)
        break
      }
    }
    return made
  }

  function podFrom(job: Job): JsonObject {
    const { metadata = {}, spec } = job.spec.template
    return {
      metadata: {
        generateName: `${job.metadata.name}-`,
        ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
        ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
        finalizers: [...(metadata.finalizers ?? []), trackingFinalizer],
        ownerReferences: [
          {
            apiVersion: 'batch/v1',
            kind: 'Job',
            name: job.metadata.name,
            uid: job.metadata.uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec,
    }
  }

  store.subscribe(jobResource.id, ({ type, object }) => {
    if (type === 'DELETED') {
      lastFailure.delete(object.metadata.uid)
      createBackoff.delete(keyOf(object))
      for (const name of podsByJob.get(object.metadata.uid) ?? []) {
        const pod = objects.get<Pod>(podResource, object.metadata.namespace, name)
        if (pod !== undefined) release(pod)
      }
      podsByJob.delete(object.metadata.uid)
    } else queue.add(keyOf(object))
  })
  store.subscribe(podResource.id, ({ type, object }) => {
    const owner = ownerOf(object)
    if (owner === undefined) return
    const key = `${object.metadata.namespace}/${owner.name}`
    const known = objects.get(jobResource, object.metadata.namespace, owner.name)
    if (known?.metadata.uid !== owner.uid) {
      if (type !== 'DELETED') release(object as Pod)
      return
    }
    const names = podsByJob.get(owner.uid) ?? new Set<string>()
    podsByJob.set(owner.uid, names)
    if (type === 'DELETED') names.delete(object.metadata.name)
    else names.add(object.metadata.name)
    // Changes of pods are gathered, as in the real controller (once a second there).
    if (type === 'ADDED') return
    queue.addAfter(key, timing.jobBatchMs, `${key} batch`)
  })
}
