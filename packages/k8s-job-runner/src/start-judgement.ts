import type { FollowSettings } from './follow-settings.ts'
import type { Job, KubeEvent, Pod } from './kubernetes.ts'
import type { Outcome } from './outcome.ts'
import { hasStarted } from './read-pod.ts'
import { findStartCause, type Patience, type QueueContext, type StartCause } from './start-cause.ts'

/** Carried from one judgement to the next. All times are by the clock of the judging process. */
export interface StartProgress {
  /** When the start budget began to run. */
  since: number
  cause?: { id: string; since: number }
}

/** The verdict on a pending run. */
export type StartJudgement =
  | { verdict: 'started' }
  | {
      verdict: 'wait'
      progress: StartProgress
      cause: StartCause
      /** When to judge again if nothing changes; Infinity when only a change can matter. */
      until: number
    }
  | { verdict: 'fail'; progress: StartProgress; cause: StartCause; outcome: Outcome }

type Graces = Pick<
  FollowSettings,
  'budgetMs' | 'unschedulableGraceMs' | 'missingGraceMs' | 'refusedGraceMs' | 'container'
>

function graceOf(patience: Patience, graces: Graces): number {
  switch (patience) {
    case 'at_once':
      return 0
    case 'missing':
      return graces.missingGraceMs
    case 'unschedulable':
      return graces.unschedulableGraceMs
    case 'refused':
      return graces.refusedGraceMs
    case 'budget':
    case 'never':
      return Infinity
    default:
      return patience satisfies never
  }
}

function failure(cause: StartCause, pod: Pod | undefined, waitedMs: number): Outcome {
  const name = pod?.metadata?.name
  const node = pod?.spec?.nodeName
  return {
    exitCode: null,
    signal: null,
    source: cause.source,
    ...(cause.reason === undefined ? {} : { reason: cause.reason }),
    ...(cause.message === undefined ? {} : { message: cause.message }),
    ...(name === undefined ? {} : { pod: name }),
    ...(node === undefined ? {} : { node }),
    ...(cause.remedy === undefined ? {} : { remedy: cause.remedy }),
    notes: waitedMs < 1000 ? [] : [`${cause.words}; waited ${Math.round(waitedMs / 1000)} s.`],
    ...cause.kind,
  }
}

/**
 * Whether to keep waiting for a run that has not started. Pure. Each cause has its own grace, counted from when it was
 * first seen; whatever the cause, the start budget bounds the whole, except while the run waits in a queue.
 */
export function judgeStart(input: {
  job: Job | undefined
  pod: Pod | undefined
  events: readonly KubeEvent[]
  graces: Graces
  now: number
  progress: StartProgress
  queue?: QueueContext | undefined
}): StartJudgement {
  const { job, pod, events, graces, now, queue } = input
  if (hasStarted(pod, graces.container)) return { verdict: 'started' }
  const cause = findStartCause(job, pod, events, graces.container, queue)
  const known = input.progress.cause
  const progress: StartProgress = {
    since: cause.patience === 'never' ? now : input.progress.since,
    cause: known?.id === cause.id ? known : { id: cause.id, since: now },
  }
  const causeEnds = (progress.cause?.since ?? now) + graceOf(cause.patience, graces)
  const budgetEnds = cause.patience === 'never' ? Infinity : progress.since + graces.budgetMs
  const until = Math.min(causeEnds, budgetEnds)
  if (now < until) return { verdict: 'wait', progress, cause, until }
  return { verdict: 'fail', progress, cause, outcome: failure(cause, pod, now - (progress.cause?.since ?? now)) }
}
