import { jobCondition } from '../kinds/job.ts'
import type { Condition, Job, JobStatus, Pod, PodFailureRule } from '../types.ts'

/** The finalizer that keeps a pod until its Job has counted it. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'

/** What the controller should do with a Job, seen from one moment. */
export interface JobPlan {
  status: JobStatus
  /** Pods to delete, which count as failed. */
  remove: Pod[]
  /** Pods to let go and delete, which count as nothing: those of a suspended Job, and those there are too many of. */
  discard: Pod[]
  /** Pods whose finalizer may go once the status is stored. */
  release: Pod[]
  /** How many pods to create now. */
  create: number
  /** When to look again, in ms. */
  lookAfterMs?: number
  event?: { type: 'Normal' | 'Warning'; reason: string; message: string }
}

const phaseOf = (pod: Pod) => pod.status.phase ?? 'Pending'
const over = (pod: Pod) => phaseOf(pod) === 'Succeeded' || phaseOf(pod) === 'Failed'
const deleting = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined
const tracked = (pod: Pod) => pod.metadata.finalizers?.includes(trackingFinalizer) === true
const ready = (pod: Pod) => pod.status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true

interface Failure {
  reason: string
  message: string
}

function ruleFits(rule: PodFailureRule, pod: Pod): boolean {
  const { onExitCodes, onPodConditions } = rule
  if (onExitCodes !== undefined) {
    const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
    return statuses.some(({ name, state }) => {
      const code = state.terminated?.exitCode
      if (code === undefined || code === 0) return false
      if (onExitCodes.containerName !== undefined && onExitCodes.containerName !== name) return false
      return onExitCodes.values.includes(code) === (onExitCodes.operator === 'In')
    })
  }
  return (onPodConditions ?? []).some((pattern) =>
    pod.status.conditions?.some((one) => one.type === pattern.type && one.status === (pattern.status ?? 'True')),
  )
}

/** The first rule of the podFailurePolicy that fits; only pods in phase Failed are looked at. */
function policyFor(job: Job, pod: Pod): { action: string; message: string } | undefined {
  if (phaseOf(pod) !== 'Failed') return undefined
  for (const [index, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    if (!ruleFits(rule, pod)) continue
    const name = `${pod.metadata.namespace}/${pod.metadata.name}`
    const condition = rule.onPodConditions?.find((pattern) =>
      pod.status.conditions?.some((one) => one.type === pattern.type),
    )
    const container = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])].find(
      ({ state }) => (state.terminated?.exitCode ?? 0) !== 0,
    )
    const message =
      condition === undefined
        ? `Container ${container?.name} for pod ${name} failed with exit code ${container?.state.terminated?.exitCode} matching ${rule.action} rule at index ${index}`
        : `Pod ${name} has condition ${condition.type} matching ${rule.action} rule at index ${index}`
    return { action: rule.action, message }
  }
  return undefined
}

const condition = (type: string, reason: string, message: string, now: string): Condition => ({
  type,
  status: 'True',
  lastProbeTime: now,
  lastTransitionTime: now,
  reason,
  message,
})

const met = { reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
const limitExceeded = { reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' }
const deadlineExceeded = { reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' }

interface Counted {
  succeeded: Pod[]
  failed: Pod[]
  ignored: Pod[]
}

/** Which pods are newly over. With podReplacementPolicy Failed a pod counts only when it has really ended. */
function newlyOver(job: Job, pods: Pod[], ending: boolean): Counted {
  const counted: Counted = { succeeded: [], failed: [], ignored: [] }
  const onlyTerminal = job.spec.podReplacementPolicy === 'Failed'
  for (const pod of pods.filter(tracked)) {
    if (phaseOf(pod) === 'Succeeded') counted.succeeded.push(pod)
    else if (phaseOf(pod) === 'Failed' || (deleting(pod) && (!onlyTerminal || ending))) {
      if (policyFor(job, pod)?.action === 'Ignore') counted.ignored.push(pod)
      else counted.failed.push(pod)
    }
  }
  return counted
}

function backoffLeft(failed: number, lastFailureMs: number | undefined, nowMs: number, firstDelayMs: number): number {
  if (failed === 0 || lastFailureMs === undefined) return 0
  const delay = Math.min(600_000, firstDelayMs * 2 ** Math.min(failed - 1, 10))
  return Math.max(0, lastFailureMs + delay - nowMs)
}

/** Decides everything about one Job from its pods; pure. */
export function planJob(
  job: Job,
  pods: Pod[],
  context: { nowMs: number; now: string; backoffMs: number; lastFailureMs: number | undefined },
): JobPlan {
  const { now, nowMs } = context
  const status: JobStatus = { ...job.status, conditions: [...(job.status.conditions ?? [])] }
  const conditions = status.conditions ?? []
  const plan: JobPlan = { status, remove: [], discard: [], release: [], create: 0 }
  const has = (type: string) => conditions.find((one) => one.type === type && one.status === 'True')
  const succeededBefore = status.succeeded ?? 0
  const failedBefore = status.failed ?? 0
  const suspended = job.spec.suspend === true
  status.uncountedTerminatedPods ??= {}
  if (status.startTime === undefined && !suspended) status.startTime = now

  // Pods counted in the last round: their finalizers go, then the numbers become final.
  const uncounted = new Set([
    ...(status.uncountedTerminatedPods.succeeded ?? []),
    ...(status.uncountedTerminatedPods.failed ?? []),
  ])
  const fresh = pods.filter((pod) => !uncounted.has(pod.metadata.uid))

  let failure: Failure | undefined = has('FailureTarget')
    ? { reason: has('FailureTarget')?.reason ?? '', message: has('FailureTarget')?.message ?? '' }
    : undefined
  const { activeDeadlineSeconds, completions = 1, backoffLimit = 6, parallelism = 1 } = job.spec
  if (failure === undefined && activeDeadlineSeconds !== undefined && status.startTime !== undefined && !suspended) {
    // Kubernetes compares whole seconds, so a deadline may fire up to a second early (measured 2.3 s for 3 s).
    const left = Date.parse(status.startTime) + activeDeadlineSeconds * 1_000 - nowMs
    if (left <= 0 && !has('SuccessCriteriaMet')) failure = deadlineExceeded
    else plan.lookAfterMs = Math.max(1, left)
  }
  const byPolicy = fresh.map((pod) => policyFor(job, pod)).find((found) => found?.action === 'FailJob')
  if (failure === undefined && byPolicy !== undefined)
    failure = { reason: 'PodFailurePolicy', message: byPolicy.message }

  const active = fresh.filter((pod) => !over(pod) && !deleting(pod))
  const counted = newlyOver(job, fresh, failure !== undefined)
  if (
    failure === undefined &&
    failedBefore + counted.failed.length + (status.uncountedTerminatedPods.failed?.length ?? 0) > backoffLimit
  ) {
    failure = limitExceeded
  }
  const succeeded = succeededBefore + counted.succeeded.length + (status.uncountedTerminatedPods.succeeded?.length ?? 0)
  const complete = failure === undefined && succeeded >= completions

  if (failure !== undefined || complete) plan.remove = active
  else if (suspended) plan.discard = active
  // What is deleted for a failure is counted as failed in the same breath.
  const failedNow =
    failure === undefined
      ? counted.failed
      : [...counted.failed, ...active.filter((pod) => !counted.failed.includes(pod))]
  if (failure !== undefined && has('FailureTarget') === undefined) {
    conditions.push(condition('FailureTarget', failure.reason, failure.message, now))
  }
  if (complete && has('SuccessCriteriaMet') === undefined)
    conditions.push(condition('SuccessCriteriaMet', met.reason, met.message, now))

  const terminating =
    pods.filter((pod) => deleting(pod) && !over(pod)).length + plan.remove.length + plan.discard.length
  const released = [...counted.succeeded, ...failedNow, ...counted.ignored]
  const afterwards = active.filter((pod) => !plan.remove.includes(pod) && !plan.discard.includes(pod))
  status.ready = afterwards.filter(ready).length
  status.terminating = terminating
  setOrDrop(status, 'active', afterwards.length)

  const newSucceeded = counted.succeeded.map((pod) => pod.metadata.uid)
  const newFailed = failedNow.map((pod) => pod.metadata.uid)
  if (newSucceeded.length + newFailed.length > 0) {
    status.uncountedTerminatedPods = {
      ...(newSucceeded.length > 0 ? { succeeded: newSucceeded } : {}),
      ...(newFailed.length > 0 ? { failed: newFailed } : {}),
    }
    plan.release = released
    settle(status, conditions)
    return plan
  }
  plan.release = counted.ignored
  if (uncounted.size > 0) {
    setOrDrop(status, 'succeeded', succeededBefore + (status.uncountedTerminatedPods.succeeded?.length ?? 0))
    setOrDrop(status, 'failed', failedBefore + (status.uncountedTerminatedPods.failed?.length ?? 0))
    plan.release = [...plan.release, ...pods.filter((pod) => uncounted.has(pod.metadata.uid) && tracked(pod))]
    status.uncountedTerminatedPods = {}
  }
  // The controller sees a pod go before it ends the Job: two writes, as in every recording with a deletion.
  const justGone = (job.status.terminating ?? 0) > 0 && terminating === 0
  if (failure !== undefined && terminating === 0 && !justGone) {
    conditions.push(condition('Failed', failure.reason, failure.message, now))
    plan.event = { type: 'Warning', ...failure }
  } else if (complete && terminating === 0 && !justGone) {
    conditions.push(condition('Complete', met.reason, met.message, now))
    status.completionTime = now
    plan.event = { type: 'Normal', reason: 'Completed', message: 'Job completed' }
  }
  if (failure === undefined && !complete) applySuspension(job, status, conditions, plan, now)
  if (failure === undefined && !complete && !suspended) {
    const blocked = job.spec.podReplacementPolicy === 'Failed' ? terminating : 0
    const wanted = Math.min(parallelism, completions - succeeded) - afterwards.length - blocked
    const wait = backoffLeft(status.failed ?? 0, context.lastFailureMs, nowMs, context.backoffMs)
    if (wanted > 0 && wait > 0) plan.lookAfterMs = Math.min(plan.lookAfterMs ?? wait, wait)
    else plan.create = Math.max(0, wanted)
    if (plan.create > 0) setOrDrop(status, 'active', afterwards.length + plan.create)
    if (wanted < 0) plan.discard = afterwards.slice(wanted)
  }
  settle(status, conditions)
  return plan
}

function settle(status: JobStatus, conditions: Condition[]): void {
  if (conditions.length === 0) delete status.conditions
}

function setOrDrop(status: JobStatus, field: 'active' | 'succeeded' | 'failed', value: number): void {
  if (value > 0) status[field] = value
  else delete status[field]
}

function applySuspension(job: Job, status: JobStatus, conditions: Condition[], plan: JobPlan, now: string): void {
  const suspended = jobCondition(job, 'Suspended') !== undefined
  const index = conditions.findIndex((one) => one.type === 'Suspended')
  if (job.spec.suspend === true && !suspended) {
    const one = condition('Suspended', 'JobSuspended', 'Job suspended', now)
    if (index === -1) conditions.push(one)
    else conditions[index] = one
    delete status.startTime
    plan.event = { type: 'Normal', reason: 'Suspended', message: 'Job suspended' }
  } else if (job.spec.suspend !== true && suspended) {
    conditions[index] = { ...condition('Suspended', 'JobResumed', 'Job resumed', now), status: 'False' }
    status.startTime = now
    plan.event = { type: 'Normal', reason: 'Resumed', message: 'Job resumed' }
  }
}
