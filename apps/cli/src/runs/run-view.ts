import { annotation } from '@agent-jobs/k8s-job-runner'
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { agentOfJob } from '../agents/job-agent.ts'

/** The state of a run, by its Job and its pod. */
export type RunState = 'queued' | 'pending' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'terminating'

/** One run, as `ps` shows it. */
export interface RunView {
  readonly job: string
  readonly namespace: string
  readonly state: RunState
  /** Why it waits or how it failed, in Kubernetes' own word: `ImagePullBackOff`, `Unschedulable`, `OOMKilled`, … */
  readonly reason: string | null
  readonly agent: string | null
  readonly pod: string | null
  readonly node: string | null
  readonly image: string | null
  readonly createdAt: string | null
  readonly startedAt: string | null
  readonly endedAt: string | null
  /** From the start of the container to its end, or until now. */
  readonly durationMs: number | null
  readonly exitCode: number | null
  readonly cancelledBy: string | null
  readonly key: string
  readonly runId: string
}

/** A run by its objects. Pure. */
export function viewRun(job: V1Job, pod: V1Pod | undefined, now: number): RunView {
  const { name = '', namespace = '', labels = {}, annotations = {}, creationTimestamp } = job.metadata ?? {}
  const container = pod?.spec?.containers[0] ?? job.spec?.template.spec?.containers[0]
  const { startedAt, endedAt, exitCode } = containerTimes(pod)
  const { state, reason } = standing(job, pod)
  const cancelledBy = annotations[annotation.cancelledBy]
  const until = endedAt ?? (state === 'running' || state === 'terminating' ? now : null)
  return {
    job: name,
    namespace,
    state,
    reason,
    agent: agentOfJob({ labels }) ?? null,
    pod: pod?.metadata?.name ?? null,
    node: pod?.spec?.nodeName ?? null,
    image: container?.image ?? null,
    createdAt: isoOf(creationTimestamp),
    startedAt: isoOf(startedAt),
    endedAt: isoOf(endedAt),
    durationMs: startedAt === null || until === null ? null : Math.max(0, until - startedAt),
    exitCode,
    cancelledBy: cancelledBy === undefined ? null : canceller(cancelledBy),
    key: annotations[annotation.key] ?? '',
    runId: annotations[annotation.runId] ?? '',
  }
}

/** The annotation is a name, or JSON that has one. */
function canceller(text: string): string {
  const by = /^\{.*"by":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  return by ?? text
}

const millis = (time: Date | string | undefined): number | null => {
  const value = time === undefined ? Number.NaN : new Date(time).getTime()
  return Number.isNaN(value) ? null : value
}

const isoOf = (time: Date | string | number | null | undefined): string | null =>
  time === undefined || time === null ? null : new Date(time).toISOString()

function containerTimes(pod: V1Pod | undefined): {
  startedAt: number | null
  endedAt: number | null
  exitCode: number | null
} {
  const { terminated, running } = pod?.status?.containerStatuses?.[0]?.state ?? {}
  return {
    startedAt: millis(terminated?.startedAt ?? running?.startedAt),
    endedAt: millis(terminated?.finishedAt),
    exitCode: terminated?.exitCode ?? null,
  }
}

interface Standing {
  readonly state: RunState
  readonly reason: string | null
}

function standing(job: V1Job, pod: V1Pod | undefined): Standing {
  const condition = (type: string) =>
    job.status?.conditions?.find((each) => each.type === type && each.status === 'True')
  const cancelled = job.metadata?.annotations?.[annotation.cancelledBy] !== undefined
  const container = pod?.status?.containerStatuses?.[0]?.state
  const over = condition('Complete') ?? condition('Failed') ?? container?.terminated
  if (over === undefined && (job.metadata?.deletionTimestamp ?? pod?.metadata?.deletionTimestamp) !== undefined) {
    return { state: 'terminating', reason: cancelled ? 'Cancelled' : null }
  }
  if (over !== undefined) return ending(job, pod, cancelled)
  if (job.spec?.suspend === true) return { state: 'queued', reason: 'Suspended' }
  if (container?.running !== undefined)
    return { state: cancelled ? 'terminating' : 'running', reason: cancelled ? 'Cancelled' : null }
  return { state: 'pending', reason: waitingFor(pod) }
}

function ending(job: V1Job, pod: V1Pod | undefined, cancelled: boolean): Standing {
  const isFailed = job.status?.conditions?.find((each) => each.type === 'Failed' && each.status === 'True')
  const { terminated } = pod?.status?.containerStatuses?.[0]?.state ?? {}
  const failed = isFailed !== undefined || pod?.status?.phase === 'Failed' || (terminated?.exitCode ?? 0) !== 0
  if (cancelled) return { state: 'cancelled', reason: null }
  if (!failed) return { state: 'succeeded', reason: null }
  const exit = terminated === undefined ? undefined : `exit ${terminated.exitCode}`
  const word = terminated?.reason === 'Error' ? exit : terminated?.reason
  const disrupted = pod?.status?.conditions?.find((each) => each.type === 'DisruptionTarget' && each.status === 'True')
  return { state: 'failed', reason: pod?.status?.reason ?? disrupted?.reason ?? word ?? isFailed?.reason ?? null }
}

function waitingFor(pod: V1Pod | undefined): string | null {
  if (pod === undefined) return 'NoPod'
  const unscheduled = pod.status?.conditions?.find((each) => each.type === 'PodScheduled' && each.status === 'False')
  if (unscheduled !== undefined) return unscheduled.reason ?? 'Unschedulable'
  const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  const waiting = all.map((each) => each.state?.waiting?.reason).filter((reason) => reason !== undefined)
  return waiting.find((reason) => reason !== 'ContainerCreating' && reason !== 'PodInitializing') ?? waiting[0] ?? null
}

/** Whether a run has ended. */
export function isOver({ state }: Pick<RunView, 'state'>): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled'
}
