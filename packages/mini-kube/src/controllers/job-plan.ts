import { jobCondition } from '../kinds/job.ts'
import type { Condition, Job, JobStatus, Pod } from '../types.ts'
import {
  indexOf,
  indexState,
  matchSuccessPolicy,
  pendingIndexes,
  writeIndexes,
  type IndexState,
  type PodOrder,
} from './indexed-pods.ts'
import { matchFailurePolicy } from './pod-failure-policy.ts'

/** The finalizer that keeps a pod until its Job has counted it. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking'

/** What the controller should do with a Job at one moment. */
export interface JobPlan {
  status: JobStatus
  /** Pods to delete because the Job has ended. */
  remove: Pod[]
  /** Pods to release and delete without counting them: those of a suspended Job, and surplus ones. */
  discard: Pod[]
  /** Pods whose finalizer may be removed once the status is stored. */
  release: Pod[]
  /** The pods to create now. */
  create: PodOrder[]
  /** When to check again, in ms. */
  lookAfterMs?: number
  event?: { type: 'Normal' | 'Warning'; reason: string; message: string }
}

const phaseOf = (pod: Pod) => pod.status.phase ?? 'Pending'
const over = (pod: Pod) => phaseOf(pod) === 'Succeeded' || phaseOf(pod) === 'Failed'
const deleting = (pod: Pod) => pod.metadata.deletionTimestamp !== undefined
const tracked = (pod: Pod) => pod.metadata.finalizers?.includes(trackingFinalizer) === true
const ready = (pod: Pod) => pod.status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true

const condition = (type: string, reason: string, message: string, now: string): Condition => ({
  type,
  status: 'True',
  lastProbeTime: now,
  lastTransitionTime: now,
  reason,
  message,
})

/** How a Job ends, once that is known. */
interface Verdict {
  kind: 'failed' | 'met'
  reason: string
  message: string
}

const verdicts = {
  completions: {
    kind: 'met',
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods',
  },
  backoff: { kind: 'failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' },
  deadline: { kind: 'failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' },
  manyFailedIndexes: {
    kind: 'failed',
    reason: 'MaxFailedIndexesExceeded',
    message: 'Job has exceeded the specified maximal number of failed indexes',
  },
  failedIndexes: { kind: 'failed', reason: 'FailedIndexes', message: 'Job has failed indexes' },
} as const satisfies Record<string, Verdict>

/** Pods as the Job counts them. */
interface Census {
  /** Those not counted in the previous round. */
  fresh: Pod[]
  active: Pod[]
  succeeded: Pod[]
  failed: Pod[]
  indexes: IndexState | undefined
}

/** With podReplacementPolicy Failed a pod counts only when it has really ended. */
const countsAsFailed = (job: Job, pod: Pod) =>
  phaseOf(pod) === 'Failed' ||
  (job.spec.podReplacementPolicy !== 'Failed' && deleting(pod) && phaseOf(pod) !== 'Succeeded')

function takeCensus(job: Job, pods: Pod[]): Census {
  const { succeeded = [], failed = [] } = job.status.uncountedTerminatedPods ?? {}
  const uncounted = new Set([...succeeded, ...failed])
  const fresh = pods.filter((pod) => !uncounted.has(pod.metadata.uid))
  const active = fresh.filter((pod) => !over(pod) && !deleting(pod))
  const failedPods = fresh.filter((pod) => tracked(pod) && countsAsFailed(job, pod))
  return {
    fresh,
    active,
    succeeded: fresh.filter((pod) => tracked(pod) && phaseOf(pod) === 'Succeeded'),
    failed: failedPods,
    indexes: indexState(job, { fresh: fresh.filter(tracked), active, failedPods }),
  }
}

/** With restartPolicy OnFailure, restarts of existing pods count too. */
function restartedTooOften(job: Job, pods: Pod[]): boolean {
  if (job.spec.template.spec.restartPolicy !== 'OnFailure') return false
  let restarts = 0
  for (const { status } of pods.filter((pod) => !over(pod))) {
    for (const one of status.initContainerStatuses ?? []) restarts += one.restartCount
    for (const one of status.containerStatuses ?? []) restarts += one.restartCount
  }
  const { backoffLimit = 6 } = job.spec
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit
}

const isIgnored = (job: Job, pod: Pod) => matchFailurePolicy(job, pod)?.action === 'Ignore'

/** How often pods failed, those just seen included. */
const failures = (job: Job, census: Census) =>
  (job.status.failed ?? 0) +
  census.failed.filter((pod) => !isIgnored(job, pod)).length +
  (job.status.uncountedTerminatedPods?.failed?.length ?? 0)

const successes = (job: Job, { succeeded, indexes }: Census) =>
  indexes?.succeeded.size ??
  (job.status.succeeded ?? 0) + succeeded.length + (job.status.uncountedTerminatedPods?.succeeded?.length ?? 0)

/** Decides whether the Job has ended, in the controller's order: existing conditions, failures, then successes. */
function judge(job: Job, census: Census, leftMs: number | undefined): Verdict | undefined {
  for (const [type, kind] of [
    ['SuccessCriteriaMet', 'met'],
    ['FailureTarget', 'failed'],
  ] as const) {
    const old = jobCondition(job, type)
    if (old !== undefined) return { kind, reason: old.reason ?? '', message: old.message ?? '' }
  }
  for (const pod of census.fresh) {
    const match = matchFailurePolicy(job, pod)
    if (match?.action === 'FailJob') return { kind: 'failed', reason: 'PodFailurePolicy', message: match.message }
  }
  const { backoffLimit = 6, completions, maxFailedIndexes } = job.spec
  if (failures(job, census) > backoffLimit || restartedTooOften(job, census.fresh)) return verdicts.backoff
  if (leftMs !== undefined && leftMs <= 0) return verdicts.deadline
  const { indexes } = census
  const failed = indexes?.failed?.size ?? 0
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) return verdicts.manyFailedIndexes
  if (indexes !== undefined && failed > 0 && failed + indexes.succeeded.size >= indexes.completions)
    return verdicts.failedIndexes
  const rule = indexes === undefined ? undefined : matchSuccessPolicy(job, indexes)
  if (rule !== undefined) return { kind: 'met', reason: 'SuccessPolicy', message: rule }
  const count = successes(job, census)
  // A queue of work, which names no completions, is done when one pod has succeeded and the others have ended too.
  const complete = completions === undefined ? count > 0 && census.active.length === 0 : count >= completions
  return complete ? verdicts.completions : undefined
}

function backoffLeft(failed: number, lastFailureMs: number | undefined, nowMs: number, firstDelayMs: number): number {
  if (failed === 0 || lastFailureMs === undefined) return 0
  const delay = Math.min(600_000, firstDelayMs * 2 ** Math.min(failed - 1, 10))
  return Math.max(0, lastFailureMs + delay - nowMs)
}

interface PlanContext {
  nowMs: number
  now: string
  backoffMs: number
  lastFailureMs: number | undefined
}

/** Decides everything about one Job from its pods; pure. */
export function planJob(job: Job, pods: Pod[], context: PlanContext): JobPlan {
  const { now, nowMs } = context
  const status: JobStatus = { ...job.status, conditions: [...(job.status.conditions ?? [])] }
  const conditions = status.conditions ?? []
  const plan: JobPlan = { status, remove: [], discard: [], release: [], create: [] }
  const has = (type: string) => conditions.some((one) => one.type === type && one.status === 'True')
  const suspended = job.spec.suspend === true
  status.uncountedTerminatedPods ??= {}
  if (status.startTime === undefined && !suspended) status.startTime = now

  const census = takeCensus(job, pods)
  const { active, indexes } = census
  const { activeDeadlineSeconds } = job.spec
  // Kubernetes compares whole seconds, so a deadline may fire up to a second early (measured 2.3 s for 3 s).
  const leftMs =
    activeDeadlineSeconds === undefined || status.startTime === undefined || suspended
      ? undefined
      : Date.parse(status.startTime) + activeDeadlineSeconds * 1_000 - nowMs
  const verdict = judge(job, census, leftMs)
  if (leftMs !== undefined && verdict === undefined) plan.lookAfterMs = Math.max(1, leftMs)

  if (verdict !== undefined) plan.remove = active
  else if (suspended) plan.discard = active
  // Too many: pods of an Indexed Job whose index no longer exists.
  else if (indexes !== undefined) plan.discard = active.filter((pod) => (indexOf(pod) ?? 0) >= indexes.completions)
  const target = verdict?.kind === 'failed' ? 'FailureTarget' : 'SuccessCriteriaMet'
  if (verdict !== undefined && !has(target)) conditions.push(condition(target, verdict.reason, verdict.message, now))

  const afterwards = active.filter((pod) => !plan.remove.includes(pod) && !plan.discard.includes(pod))
  const terminating =
    pods.filter((pod) => deleting(pod) && !over(pod)).length + plan.remove.length + plan.discard.length
  status.ready = afterwards.filter(ready).length
  status.terminating = terminating
  setOrDrop(status, 'active', afterwards.length)

  if (countAnew(job, census, verdict, plan)) return settled(plan)
  const uncounted = settleUncounted(job, pods, plan)
  if (indexes !== undefined) writeIndexes(status, indexes)
  plan.release = [...plan.release, ...uncounted]
  // The controller sees a pod go before it ends the Job: two writes, as in every recording with a deletion.
  const justGone = (job.status.terminating ?? 0) > 0 && terminating === 0
  if (verdict !== undefined) {
    if (terminating === 0 && !justGone) finish(plan, verdict, now)
    return settled(plan)
  }
  applySuspension(job, status, conditions, plan, now)
  if (!suspended) orderPods(job, { census, afterwards, terminating, pods }, plan, context)
  return settled(plan)
}

/** Counts pods that have ended since; pods deleted because of a failure count as failed at once. */
function countAnew(job: Job, census: Census, verdict: Verdict | undefined, plan: JobPlan): boolean {
  const { fresh, succeeded, indexes } = census
  const kept = new Set(verdict === undefined ? [...(indexes?.kept.values() ?? [])] : [])
  const ended = census.failed.filter((pod) => !kept.has(pod))
  const ignored = ended.filter((pod) => isIgnored(job, pod))
  const ending = verdict === undefined ? [] : fresh.filter((pod) => tracked(pod) && !over(pod) && !ended.includes(pod))
  const counted = ended.filter((pod) => !ignored.includes(pod))
  const failed = verdict?.kind === 'failed' ? [...counted, ...ending] : counted
  plan.release = [...succeeded, ...ignored, ...failed, ...(verdict?.kind === 'met' ? ending : [])]
  if (succeeded.length + failed.length === 0) return false
  // The indexes tell which pods have succeeded; others are told by their uid until they have let go.
  const uids = (list: Pod[]) => list.map((pod) => pod.metadata.uid)
  const bySuccess = indexes === undefined ? uids(succeeded) : []
  plan.status.uncountedTerminatedPods = {
    ...(bySuccess.length > 0 ? { succeeded: bySuccess } : {}),
    ...(failed.length > 0 ? { failed: uids(failed) } : {}),
  }
  if (indexes !== undefined) writeIndexes(plan.status, indexes)
  return true
}

/** Turns the pods counted in the previous round into final numbers, and releases them. */
function settleUncounted(job: Job, pods: Pod[], { status }: JobPlan): Pod[] {
  const { succeeded = [], failed = [] } = job.status.uncountedTerminatedPods ?? {}
  const uncounted = new Set([...succeeded, ...failed])
  if (uncounted.size === 0) return []
  setOrDrop(status, 'succeeded', (job.status.succeeded ?? 0) + succeeded.length)
  setOrDrop(status, 'failed', (job.status.failed ?? 0) + failed.length)
  status.uncountedTerminatedPods = {}
  return pods.filter((pod) => uncounted.has(pod.metadata.uid) && tracked(pod))
}

function finish(plan: JobPlan, { kind, reason, message }: Verdict, now: string): void {
  const { status } = plan
  status.conditions?.push(condition(kind === 'failed' ? 'Failed' : 'Complete', reason, message, now))
  if (kind === 'failed') plan.event = { type: 'Warning', reason, message }
  else {
    status.completionTime = now
    plan.event = { type: 'Normal', reason: 'Completed', message: 'Job completed' }
  }
}

interface Crew {
  census: Census
  afterwards: Pod[]
  terminating: number
  pods: Pod[]
}

/** How many pods there should be, and which to create or discard. */
function orderPods(job: Job, crew: Crew, plan: JobPlan, { nowMs, backoffMs, lastFailureMs }: PlanContext): void {
  const { census, afterwards, terminating, pods } = crew
  const { completions, parallelism = 1, podReplacementPolicy } = job.spec
  const count = successes(job, census)
  const open = completions === undefined ? (count > 0 ? afterwards.length : parallelism) : completions - count
  const wanted = Math.max(0, Math.min(parallelism, open)) - afterwards.length
  if (wanted < 0) plan.discard = [...plan.discard, ...afterwards.slice(wanted)]
  const missing = wanted - (podReplacementPolicy === 'Failed' ? terminating : 0)
  if (missing <= 0 || plan.discard.length > 0) return
  const later = (wait: number) => {
    plan.lookAfterMs = Math.min(plan.lookAfterMs ?? wait, wait)
  }
  const waitFor = (failed: number, last: number | undefined) => backoffLeft(failed, last, nowMs, backoffMs)
  const { indexes } = census
  const wait = indexes?.failed === undefined ? waitFor(plan.status.failed ?? 0, lastFailureMs) : 0
  if (wait > 0) return later(wait)
  if (indexes === undefined) plan.create = Array.from({ length: missing }, () => ({}))
  else {
    const leaving = podReplacementPolicy === 'Failed' ? pods.filter((pod) => deleting(pod) && !over(pod)) : []
    const { orders, waitMs } = pendingIndexes(job, indexes, {
      count: missing,
      taken: [...afterwards, ...leaving],
      waitFor,
    })
    plan.create = orders
    if (orders.length === 0 && waitMs > 0) later(waitMs)
  }
  if (plan.create.length > 0) setOrDrop(plan.status, 'active', afterwards.length + plan.create.length)
}

function settled(plan: JobPlan): JobPlan {
  if (plan.status.conditions?.length === 0) delete plan.status.conditions
  return plan
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
