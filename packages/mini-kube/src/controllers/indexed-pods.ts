import type { Job, Pod } from '../types.ts'
import { formatIndexes, parseIndexes, type JobIndexes } from './job-indexes.ts'
import { matchFailurePolicy } from './pod-failure-policy.ts'

export const indexKey = 'batch.kubernetes.io/job-completion-index'
const failuresKey = 'batch.kubernetes.io/job-index-failure-count'
const ignoredKey = 'batch.kubernetes.io/job-index-ignored-failure-count'

const countOf = (pod: Pod, key: string) => Number(pod.metadata.annotations?.[key] ?? 0)

/** The completion index of a pod, by its annotation. */
export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[indexKey]
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text)
}

/** A pod to create: for an Indexed Job with its index and the failure count of that index. */
export interface PodOrder {
  index?: number
  annotations?: Record<string, string>
}

/** The state of an Indexed Job, index by index. */
export interface IndexState {
  completions: number
  succeeded: JobIndexes
  /** Only with a backoffLimitPerIndex. */
  failed: JobIndexes | undefined
  /** Failed pods that are kept until another pod of their index continues their count. */
  kept: ReadonlyMap<number, Pod>
}

function lastFinished(pod: Pod): number {
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
  const ends = statuses.map(({ state }) => Date.parse(state.terminated?.finishedAt ?? ''))
  return Math.max(0, ...ends.filter((end) => !Number.isNaN(end)))
}

/** Adds the pods that are not counted yet to the status. */
export function indexState(
  job: Job,
  given: { fresh: Pod[]; active: Pod[]; failedPods: Pod[] },
): IndexState | undefined {
  const { completionMode, completions = 0, backoffLimitPerIndex } = job.spec
  if (completionMode !== 'Indexed') return undefined
  const { completedIndexes, failedIndexes } = job.status
  const within = (pod: Pod) => {
    const index = indexOf(pod)
    return index !== undefined && index < completions ? index : undefined
  }
  const succeeded = parseIndexes(completedIndexes, completions)
  for (const pod of given.fresh) {
    const index = within(pod)
    if (index !== undefined && pod.status.phase === 'Succeeded') succeeded.add(index)
  }
  if (backoffLimitPerIndex === undefined) return { completions, succeeded, failed: undefined, kept: new Map() }
  const failed = parseIndexes(failedIndexes, completions)
  for (const pod of given.failedPods) {
    const index = within(pod)
    const action = matchFailurePolicy(job, pod)?.action
    const spent = action !== 'Ignore' && countOf(pod, failuresKey) >= backoffLimitPerIndex
    if (index !== undefined && (action === 'FailIndex' || spent)) failed.add(index)
  }
  const running = new Set(given.active.map(indexOf))
  const kept = new Map<number, Pod>()
  const total = (pod: Pod) => countOf(pod, failuresKey) + countOf(pod, ignoredKey)
  for (const pod of given.failedPods) {
    const index = within(pod)
    if (index === undefined || succeeded.has(index) || failed.has(index) || running.has(index)) continue
    const other = kept.get(index)
    if (other === undefined || (total(other) <= total(pod) && lastFinished(other) <= lastFinished(pod)))
      kept.set(index, pod)
  }
  return { completions, succeeded, failed, kept }
}

/** The first indexes without a pod or result, and when the earliest other one may be retried. */
export function pendingIndexes(
  job: Job,
  state: IndexState,
  given: { count: number; taken: Pod[]; waitFor: (failures: number, lastFailureMs: number) => number },
): { orders: PodOrder[]; waitMs: number } {
  const taken = new Set(given.taken.map(indexOf))
  const orders: PodOrder[] = []
  let waitMs = 0
  let looked = 0
  for (let index = 0; index < state.completions && looked < given.count; index++) {
    if (taken.has(index) || state.succeeded.has(index) || state.failed?.has(index) === true) continue
    looked += 1
    if (state.failed === undefined) {
      orders.push({ index })
      continue
    }
    const last = state.kept.get(index)
    const failures = last === undefined ? 0 : countOf(last, failuresKey)
    const ignored = last === undefined ? 0 : countOf(last, ignoredKey)
    const wait = last === undefined ? 0 : given.waitFor(failures + ignored + 1, lastFinished(last))
    if (wait > 0) {
      waitMs = waitMs === 0 ? wait : Math.min(waitMs, wait)
      continue
    }
    const uncounted = last !== undefined && matchFailurePolicy(job, last)?.action === 'Ignore'
    const next = last === undefined || uncounted ? failures : failures + 1
    const nextIgnored = uncounted ? ignored + 1 : ignored
    orders.push({
      index,
      annotations: { [failuresKey]: String(next), ...(nextIgnored > 0 ? { [ignoredKey]: String(nextIgnored) } : {}) },
    })
  }
  return { orders, waitMs }
}

/** Whether a rule of the successPolicy is met, and by which. */
export function matchSuccessPolicy(job: Job, { succeeded, completions }: IndexState): string | undefined {
  if (succeeded.size === 0) return undefined
  for (const [place, { succeededIndexes, succeededCount }] of (job.spec.successPolicy?.rules ?? []).entries()) {
    const message = `Matched rules at index ${place}`
    if (succeededIndexes === undefined) {
      if (succeededCount !== undefined && succeeded.size >= succeededCount) return message
      continue
    }
    const wanted = parseIndexes(succeededIndexes, completions)
    if (wanted.size === 0) continue
    const there = [...wanted].filter((index) => succeeded.has(index)).length
    if (there === wanted.size || (succeededCount !== undefined && there >= succeededCount)) return message
  }
  return undefined
}

/** Writes the indexes into the status. */
export function writeIndexes(status: Job['status'], { succeeded, failed }: IndexState): void {
  if (succeeded.size > 0) {
    status.completedIndexes = formatIndexes(succeeded)
    status.succeeded = succeeded.size
  } else {
    delete status.completedIndexes
    delete status.succeeded
  }
  if (failed !== undefined) status.failedIndexes = formatIndexes(failed)
}
