import type { ClusterCore } from '../cluster-core.ts'
import { ApiError } from '../api-error.ts'
import { job as jobResource, jobFinished } from '../kinds/job.ts'
import { pod as podResource } from '../kinds/pod.ts'
import { sameJson } from '../kinds/resource-definition.ts'
import { wholeSeconds } from '../names.ts'
import type { Job, KubeObject, Pod } from '../types.ts'
import type { PodOrder } from './indexed-pods.ts'
import { podFrom } from './job-pod.ts'
import { planJob, trackingFinalizer } from './job-plan.ts'
import { keyOf, splitKey, WorkQueue } from './work-queue.ts'

const ownerOf = (object: KubeObject) =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true && owner.kind === 'Job')

const ownName = 'kubernetes.io/job-controller'

/** Runs Jobs: creates their pods, counts them, sets conditions in the real order. */
export function startJobController(cluster: ClusterCore): void {
  const { store, objects, timing, clock, events } = cluster
  const lastFailure = new Map<string, number>()
  const createBackoff = new Map<string, number>()
  const podsByJob = new Map<string, Set<string>>()

  const queue = new WorkQueue(cluster, 'job controller', (key) => {
    const { namespace, name } = splitKey(key)
    const job = objects.get<Job>(jobResource, namespace, name)
    // Another controller's Job: this one leaves it alone, as the real one does.
    const { managedBy = ownName } = job?.spec ?? {}
    if (job !== undefined && managedBy === ownName) sync(job, key)
  })

  const podsOf = (job: Job): Pod[] =>
    [...(podsByJob.get(job.metadata.uid) ?? [])]
      .map((name) => objects.get<Pod>(podResource, job.metadata.namespace, name))
      .filter((pod) => pod !== undefined)
      .filter((pod) => ownerOf(pod)?.uid === job.metadata.uid)

  const release = (pod: Pod): void => removeTracking(objects, pod)

  function sync(job: Job, key: string): void {
    if (job.metadata.deletionTimestamp !== undefined) {
      syncDeleting(job)
      return
    }
    if (jobFinished(job)) {
      for (const pod of podsOf(job)) release(pod)
      return
    }
    const nowMs = clock.wallTime()
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
    const unmade = plan.create.length - createPods(job, plan.create, key)
    if (unmade > 0) {
      const active = (plan.status.active ?? 0) - unmade
      if (active > 0) plan.status.active = active
      else delete plan.status.active
    }
    const before = job.status
    let current: Job = job
    if (!sameJson(plan.status, before)) {
      current = objects.update(jobResource, { ...job, status: plan.status }, { part: 'status' }) as Job
      // A second pass turns counted pods into final numbers.
      queue.add(key)
    }
    for (const pod of plan.release) release(pod)
    if (plan.event !== undefined) events.record({ about: current, ...plan.event, component: 'job-controller' })
    if (plan.lookAfterMs !== undefined) queue.addAfter(key, plan.lookAfterMs, `${key} later`)
  }

  /** Releases the pods of a Job that waits for them to go. */
  function syncDeleting(job: Job): void {
    const pods = podsOf(job)
    for (const pod of pods) release(pod)
    const status = statusWhileDeleted(job, pods)
    if (!sameJson(status, job.status)) objects.update(jobResource, { ...job, status }, { part: 'status' })
  }

  function deletePod(job: Job, pod: Pod): void {
    objects.delete(podResource, pod.metadata.namespace, pod.metadata.name, { preconditions: { uid: pod.metadata.uid } })
    const message = `Deleted pod: ${pod.metadata.name}`
    events.record({ about: job, type: 'Normal', reason: 'SuccessfulDelete', message, component: 'job-controller' })
  }

  /** Creates the pods in order until one is refused; returns how many there are. */
  function createPods(job: Job, orders: PodOrder[], key: string): number {
    let made = 0
    for (const order of orders) {
      try {
        const created = objects.create(podResource, job.metadata.namespace, podFrom(job, order))
        made += 1
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
    // Changes of pods are batched, as in the real controller (once a second there).
    if (type === 'ADDED') return
    queue.addAfter(key, timing.jobBatchMs, `${key} batch`)
  })
}

/** The status of a Job that is being deleted and waits for its pods to go. */
function statusWhileDeleted(job: Job, pods: readonly Pod[]): Job['status'] {
  const alive = pods.filter((pod) => !['Succeeded', 'Failed'].includes(pod.status.phase ?? ''))
  const active = alive.filter((pod) => pod.metadata.deletionTimestamp === undefined)
  const ready = active.filter((pod) =>
    pod.status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
  )
  const status: Job['status'] = { ...job.status, ready: ready.length, terminating: alive.length - active.length }
  if (active.length > 0) status.active = active.length
  else delete status.active
  return status
}

/** Removes the finalizer that keeps a pod until its Job has counted it. */
function removeTracking(objects: ClusterCore['objects'], pod: Pod): void {
  objects.mutate<Pod>(podResource, pod.metadata.namespace, pod.metadata.name, (current) => {
    if (current.metadata.uid !== pod.metadata.uid || !current.metadata.finalizers?.includes(trackingFinalizer))
      return undefined
    const finalizers = current.metadata.finalizers.filter((one) => one !== trackingFinalizer)
    return { ...current, metadata: { ...current.metadata, finalizers } }
  })
}
