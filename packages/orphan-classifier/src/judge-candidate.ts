import type { CandidateJob, WantedRun } from './candidate-job.ts'

/** The relation of one Job to the wanted run, judged alone. The names are stable. */
export type Relation =
  | 'finished'
  | 'apart'
  | 'known_job'
  | 'same_run'
  | 'leaving'
  | 'reattach_off'
  | 'task_unknown'
  | 'task_mismatch'
  | 'session_mismatch'
  | 'same_task'

/** The consequence of a relation when it decides. */
export type Effect = 'none' | 'own' | 'match' | 'wait' | 'block'

/** One row of the table, tested from top to bottom: the first that applies is the Job's relation. */
export interface TableRow {
  readonly relation: Relation
  readonly when: string
  readonly effect: Effect
  readonly holds: (job: CandidateJob, want: WantedRun) => boolean
}

const known = (value: string | null | undefined): value is string => typeof value === 'string' && value !== ''

const differ = (a: string | null | undefined, b: string | null | undefined) => known(a) && known(b) && a !== b

/** The decision table for one Job. The order matters. */
export const decisionTable: readonly TableRow[] = [
  {
    relation: 'finished',
    when: 'it has succeeded or failed',
    effect: 'none',
    holds: ({ state }) => state === 'succeeded' || state === 'failed',
  },
  {
    relation: 'apart',
    when: 'both are isolated and their isolation keys differ',
    effect: 'none',
    holds: (job, want) => differ(job.isolationKey, want.isolationKey),
  },
  {
    relation: 'leaving',
    when: 'it is being deleted; its pod may still write',
    effect: 'wait',
    holds: ({ state }) => state === 'deleting',
  },
  {
    relation: 'known_job',
    when: 'its uid is the one the host remembers for this run',
    effect: 'own',
    holds: (job, want) => known(want.knownUid) && job.uid === want.knownUid,
  },
  {
    relation: 'same_run',
    when: 'its run is this run',
    effect: 'own',
    holds: (job, want) => known(job.runId) && job.runId === want.runId,
  },
  {
    relation: 'reattach_off',
    when: 'it is of another run, and adopting is switched off',
    effect: 'block',
    holds: (_, want) => !want.reattach,
  },
  {
    relation: 'task_unknown',
    when: 'its task or ours is unknown',
    effect: 'block',
    holds: (job, want) => !known(job.taskId) || !known(want.taskId),
  },
  {
    relation: 'task_mismatch',
    when: 'it works at another task',
    effect: 'block',
    holds: (job, want) => differ(job.taskId, want.taskId),
  },
  {
    relation: 'session_mismatch',
    when: 'same task, but both sessions are known and differ',
    effect: 'block',
    holds: (job, want) => differ(job.sessionId, want.sessionId),
  },
  {
    relation: 'same_task',
    when: 'same task, and no session says otherwise',
    effect: 'match',
    holds: () => true,
  },
]

/** Judges one Job alone. */
export function judgeCandidate(job: CandidateJob, want: WantedRun): { relation: Relation; effect: Effect } {
  for (const { relation, effect, holds } of decisionTable) if (holds(job, want)) return { relation, effect }
  // The last row matches every Job; this protects against edits of the table.
  throw new TypeError('Expected the last row of `decisionTable` to hold for every job')
}
