import type { CandidateJob, WantedRun } from './candidate-job.ts'
import { judgeCandidate, type Effect, type Relation } from './judge-candidate.ts'

/** A Job with its relation to the wanted run. */
export interface JudgedJob<Job extends CandidateJob = CandidateJob> {
  readonly job: Job
  readonly relation: Relation
  readonly effect: Effect
}

/** The verdict. `considered` contains every Job, newest first, with its relation, for the log. */
export type OrphanVerdict<Job extends CandidateJob = CandidateJob> =
  /** Take over this Job: it is this run's own, or an orphan at the same task. */
  | {
      readonly verdict: 'adopt'
      readonly job: Job
      readonly relation: 'known_job' | 'same_run' | 'same_task'
      readonly considered: readonly JudgedJob<Job>[]
    }
  /** Check again when these are gone. */
  | {
      readonly verdict: 'wait'
      readonly jobs: readonly Job[]
      readonly relation: Relation
      readonly considered: readonly JudgedJob<Job>[]
    }
  /** Another run's Job is in the way; `relation` is that of the newest such. */
  | {
      readonly verdict: 'block'
      readonly jobs: readonly [Job, ...Job[]]
      readonly relation: Relation
      readonly considered: readonly JudgedJob<Job>[]
    }
  /** Nothing is in the way. */
  | { readonly verdict: 'create'; readonly considered: readonly JudgedJob<Job>[] }

function byAge(a: CandidateJob, b: CandidateJob): number {
  const age = (job: CandidateJob) =>
    typeof job.createdAt === 'number' && !Number.isNaN(job.createdAt) ? job.createdAt : -Infinity
  const [first, second] = [age(a), age(b)]
  if (first !== second) return first > second ? -1 : 1
  // Two Jobs of the same second must have a stable order between checks.
  if (a.name !== b.name) return a.name < b.name ? -1 : 1
  return a.uid < b.uid ? -1 : Number(a.uid > b.uid)
}

/**
 * Decides from all Jobs of an agent whether a run may adopt one, must wait, is blocked, or may create its own. An own
 * Job is taken before a match, and either of them before strangers are considered.
 *
 * @example
 * const verdict = classifyOrphans(jobs, { runId: 'r2', taskId: 't1', reattach: true, patient: false })
 * if (verdict.verdict === 'adopt') console.log(`going on with ${verdict.job.name}`)
 */
export function classifyOrphans<Job extends CandidateJob>(jobs: readonly Job[], want: WantedRun): OrphanVerdict<Job> {
  const considered = [...jobs].sort(byAge).map((job) => {
    const { relation, effect } = judgeCandidate(job, want)
    return { job, relation, effect }
  })
  for (const effect of ['own', 'match'] as const) {
    const found = considered.find((each) => each.effect === effect)
    if (found) return { verdict: 'adopt', job: found.job, relation: adoptable(found.relation), considered }
  }
  const blocking = considered.filter(({ effect }) => effect === 'block')
  const [newest, ...others] = blocking
  if (newest && !want.patient) {
    return {
      verdict: 'block',
      jobs: [newest.job, ...others.map(({ job }) => job)],
      relation: newest.relation,
      considered,
    }
  }
  const awaited = considered.filter(({ effect }) => effect === 'block' || effect === 'wait')
  const reason = newest ?? awaited[0]
  if (reason) return { verdict: 'wait', jobs: awaited.map(({ job }) => job), relation: reason.relation, considered }
  return { verdict: 'create', considered }
}

function adoptable(relation: Relation): 'known_job' | 'same_run' | 'same_task' {
  return relation === 'known_job' || relation === 'same_run' ? relation : 'same_task'
}
