import { classifyOrphans, type WantedRun } from '@agent-jobs/orphan-classifier'
import type { AgentJob } from './candidates.ts'

/** What to do about the agent's Jobs. */
export type AcquisitionDecision =
  | { kind: 'start' }
  | { kind: 'adopt'; job: AgentJob }
  | { kind: 'wait'; jobs: readonly AgentJob[] }
  | { kind: 'block'; jobs: readonly AgentJob[]; relation: Parameters<typeof import('./candidates.ts').blockedError>[0] }

/** The reason of a wake-up that this adapter asked for itself, to take back a Job after a restart. */
export const reattachReason = 'remote_job_reattach'

/** What this server knows about Jobs beyond their status. */
export interface KnownJobs {
  /** Runs of this server that are under way; the Jobs that they made are theirs. */
  running: ReadonlySet<string>
  /** Jobs (by uid) that runs of this server follow. */
  followed: ReadonlySet<string>
  /** Jobs whose result was reported; they are being removed although their status does not show it yet. */
  reported: ReadonlySet<string>
  /** Those of them whose end was seen by the runner that would wait for the lock and that cleans up after them. */
  ended: ReadonlySet<string>
  /** The lock that the run will take. */
  key: string
  wakeReason: unknown
}

/**
 * Decides by the table of orphan-classifier, with three things that only an adapter knows: a Job that another run of this
 * very server follows is not an orphan, one that is being removed is left to the lock, and a finished Job whose result
 * was not reported is still worth adopting when the adapter itself requested this run because of it.
 */
export function decideAcquisition(jobs: readonly AgentJob[], want: WantedRun, known: KnownJobs): AcquisitionDecision {
  const isFollowed = ({ uid, runId }: AgentJob) =>
    known.followed.has(uid) || (runId !== null && runId !== want.runId && known.running.has(runId))
  // The lock itself waits only while something of such a Job still runs; its removal takes seconds longer.
  const isLeftToLock = (job: AgentJob) =>
    job.ours && job.key === known.key && !isFollowed(job) && (job.state === 'deleting' || known.ended.has(job.uid))
  const minded = jobs.filter((job) => !isLeftToLock(job))
  const seen = minded.map((job): AgentJob => {
    // Unknown task: wait for it or be blocked by it, never adopt it.
    if (isFollowed(job)) return Object.assign({}, job, { taskId: null, runId: null })
    const leaving = known.reported.has(job.uid) && (job.state === 'active' || job.state === 'queued')
    return leaving ? Object.assign({}, job, { state: 'deleting' }) : job
  })
  // Adds what the decision does not include: the run that a followed Job belongs to.
  const asSeen = (some: readonly AgentJob[]) => some.map((job) => minded.find(({ uid }) => uid === job.uid) ?? job)
  const verdict = classifyOrphans(seen, want)
  switch (verdict.verdict) {
    case 'adopt':
      return { kind: 'adopt', job: verdict.job }
    case 'wait':
      return { kind: 'wait', jobs: asSeen(verdict.jobs) }
    case 'block': {
      const followed = verdict.jobs.some(isFollowed)
      return { kind: 'block', jobs: asSeen(verdict.jobs), relation: followed ? 'same_run' : verdict.relation }
    }
    case 'create': {
      const left = verdict.considered.find(
        ({ job }) =>
          job.ours &&
          !isFollowed(job) &&
          !known.reported.has(job.uid) &&
          (job.state === 'succeeded' || job.state === 'failed') &&
          job.taskId === want.taskId,
      )
      const wanted =
        known.wakeReason === reattachReason && want.reattach && want.taskId !== null && want.taskId !== undefined
      return left && wanted ? { kind: 'adopt', job: left.job } : { kind: 'start' }
    }
    default:
      return verdict satisfies never
  }
}
