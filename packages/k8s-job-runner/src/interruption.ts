import type { Evidence, StopReason } from './evidence.ts'
import { annotation } from './labels.ts'
import type { OutcomeKind } from './outcome.ts'
import { containerStatus, isPodTerminal, jobCondition, trueCondition, wasRemovedAfterEnd } from './read-pod.ts'

/** Something outside the command that ended it, or is about to. */
export interface Interruption {
  kind: OutcomeKind
  source: 'pod_status' | 'job_status' | 'absence'
  reason?: string | undefined
  message?: string | undefined
  note?: string
  /** Decides even if the container was not seen to end, once this many seconds have passed without news. */
  assumeAfterSeconds?: number
}

function fromDisruption(evidence: Evidence): Interruption | undefined {
  const condition = trueCondition(evidence.pod, 'DisruptionTarget')
  if (condition === undefined) return undefined
  const { reason, message } = condition
  const base = { source: 'pod_status', reason, message } as const
  switch (reason) {
    case 'PreemptionByScheduler':
      return { ...base, kind: { kind: 'preempted', code: 'preempted', by: 'scheduler' } }
    case 'PreemptionByKubelet':
      return { ...base, kind: { kind: 'preempted', code: 'preempted', by: 'kubelet' } }
    case 'DeletionByPodGC':
      return { ...base, kind: { kind: 'nodeLost', code: 'node_lost' }, assumeAfterSeconds: 0 }
    case 'DeletionByTaintManager': {
      // A live kubelet ends the pod within its grace period. A dead one never reports again.
      const ended = evidence.end !== undefined || containerStatus(evidence.pod, evidence.container)?.state?.terminated
      if (ended) return { ...base, kind: { kind: 'evicted', code: 'evicted', by: 'taint' } }
      const grace = evidence.pod?.metadata?.deletionGracePeriodSeconds ?? 30
      return { ...base, kind: { kind: 'nodeLost', code: 'node_lost' }, assumeAfterSeconds: grace + 5 }
    }
    case 'TerminationByKubelet':
      return { ...base, kind: { kind: 'evicted', code: 'evicted', by: 'kubelet' } }
    default:
      return { ...base, kind: { kind: 'evicted', code: 'evicted', by: 'api' } }
  }
}

function fromPodReason(evidence: Evidence): Interruption | undefined {
  const { reason, message } = evidence.pod?.status ?? {}
  const base = { source: 'pod_status', reason, message } as const
  switch (reason) {
    case 'Evicted':
      return { ...base, kind: { kind: 'evicted', code: 'evicted', by: 'kubelet' } }
    case 'NodeShutdown':
    case 'Shutdown':
    case 'Terminated':
      return { ...base, kind: { kind: 'evicted', code: 'evicted', by: 'kubelet' } }
    case 'Preempting':
      return { ...base, kind: { kind: 'preempted', code: 'preempted', by: 'kubelet' } }
    case 'NodeLost':
      return { ...base, kind: { kind: 'nodeLost', code: 'node_lost' }, assumeAfterSeconds: 0 }
    case 'DeadlineExceeded':
      // Its deadline was set only to end the containers beside the command.
      if (evidence.pod?.metadata?.annotations?.[annotation.commandEnded] !== undefined) return undefined
      return { ...base, kind: { kind: 'deadlineExceeded', code: 'deadline_exceeded', limit: 'pod' } }
    default:
      return undefined
  }
}

function fromJobDeadline(evidence: Evidence): Interruption | undefined {
  const condition = jobCondition(evidence.job, 'FailureTarget', 'Failed')
  if (condition?.reason !== 'DeadlineExceeded') return undefined
  const unscheduled = evidence.pod?.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  )
  return {
    kind: { kind: 'deadlineExceeded', code: 'deadline_exceeded', limit: 'job' },
    source: 'job_status',
    reason: condition.reason,
    message: condition.message,
    ...(unscheduled === undefined
      ? {}
      : { note: `The pod was never scheduled: ${unscheduled.message ?? unscheduled.reason ?? 'no reason given'}` }),
  }
}

/** The run was cancelled through this package, or the runner itself stopped it. */
function fromRequest({ cancel, stopped, pod }: Evidence): Interruption | undefined {
  // A lost node carries out no requests.
  if (pod?.status?.reason === 'NodeLost') return undefined
  if (cancel !== undefined) {
    return { kind: { kind: 'cancelled', code: 'cancelled', by: cancel.by }, source: 'job_status' }
  }
  return stopped === undefined ? undefined : { ...fromOwnStop(stopped), source: 'pod_status' }
}

/** The meaning of a stop by the runner itself. */
function fromOwnStop(reason: StopReason): Omit<Interruption, 'source'> {
  switch (reason) {
    case 'lingering':
      return { kind: { kind: 'succeeded', code: 'succeeded' } }
    case 'total_limit':
    case 'idle_limit':
      return {
        kind: {
          kind: 'deadlineExceeded',
          code: 'deadline_exceeded',
          limit: reason === 'total_limit' ? 'total' : 'idle',
        },
        note: 'The launcher did not enforce this limit, so the pod was stopped.',
      }
    case 'unconfirmed_end':
      return {
        kind: { kind: 'signalled', code: 'signalled', signal: 'SIGTERM' },
        note: 'An end record was read while the container went on running. It was not believed, and the pod was stopped.',
      }
    default:
      return reason satisfies never
  }
}

/** Suspended before its pod had a node: nothing was started, and the run waits in its queue again. */
export function isBackInQueue(evidence: Evidence): boolean {
  const { pod, job, jobGone, cancel } = evidence
  if (cancel !== undefined) return false
  const jobDeleted = jobGone !== undefined || job?.metadata?.deletionTimestamp !== undefined
  return wasSuspended(evidence) && pod !== undefined && pod.spec?.nodeName === undefined && !jobDeleted
}

function wasSuspended({ suspended, pod, job }: Evidence): boolean {
  return suspended === true || (pod?.metadata?.deletionTimestamp !== undefined && job?.spec?.suspend === true)
}

/** The queue took the quota back, or someone suspended the Job. The pod does not show this. */
function fromSuspension(evidence: Evidence): Interruption | undefined {
  if (!wasSuspended(evidence) || isBackInQueue(evidence)) return undefined
  const evicted = evidence.queue?.kind === 'report' ? evidence.queue.report.evicted : undefined
  const { reason, message } = evicted ?? jobCondition(evidence.job, 'Suspended') ?? { reason: 'Suspended' }
  return { kind: { kind: 'preempted', code: 'preempted', by: 'queue' }, source: 'job_status', reason, message }
}

function fromDeletion(evidence: Evidence): Interruption | undefined {
  const { job, pod, jobGone, podGone } = evidence
  const podDeleted = pod?.metadata?.deletionTimestamp !== undefined || podGone !== undefined
  const jobDeleted = job?.metadata?.deletionTimestamp !== undefined || jobGone !== undefined
  // Background deletion of a Job leaves its pod alone for a moment; the pod's own deletion follows.
  if (!podDeleted && !(jobDeleted && pod === undefined)) return undefined
  if (isBackInQueue(evidence)) return undefined
  const source = podGone !== undefined && pod?.metadata?.deletionTimestamp === undefined ? 'absence' : 'pod_status'
  const gone = jobDeleted ? (jobGone ?? podGone) : podGone
  return {
    kind: {
      kind: 'deletedExternally',
      code: 'deleted_externally',
      seen: {
        what: jobDeleted ? 'job' : 'pod',
        at: evidence.deletionSeenAt ?? gone?.at,
        by: evidence.deletionSeenAt === undefined ? (gone?.by ?? 'status') : 'status',
      },
    },
    source,
  }
}

/**
 * What ended the run from outside, in this order: DisruptionTarget, a request of this package, the pod's reason, the
 * Job's deadline, suspension, deletion. Deleting what had already ended does not count.
 */
export function findInterruption(evidence: Evidence): Interruption | undefined {
  const undisturbed = evidence.endedUndisturbed === true || wasRemovedAfterEnd(evidence.job, evidence.pod)
  if (undisturbed) return fromPodReason(evidence)
  return (
    fromDisruption(evidence) ??
    fromRequest(evidence) ??
    fromPodReason(evidence) ??
    fromJobDeadline(evidence) ??
    fromSuspension(evidence) ??
    fromDeletion(evidence)
  )
}

/** Whether the command can no longer be running, by status alone. */
export function hasEndedByStatus({ pod, podGone, jobGone, container }: Evidence): boolean {
  if (podGone !== undefined) return true
  if (pod === undefined) return jobGone !== undefined
  // A pod that is deleted before it is assigned to a node is never started.
  if (pod.metadata?.deletionTimestamp !== undefined && pod.spec?.nodeName === undefined) return true
  return isPodTerminal(pod) || containerStatus(pod, container)?.state?.terminated !== undefined
}
