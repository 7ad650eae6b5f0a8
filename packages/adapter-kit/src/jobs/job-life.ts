import { mayStillRun, secretNameFor, type Outcome } from '@agent-jobs/k8s-job-runner'
import { errorMessage } from '@agent-jobs/primitives'
import type { AcquiredJob } from '../acquire/acquired-job.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { removeJournal } from '../follow/run-journal.ts'
import { tidyVolume } from '../housekeeping/housekeeping.ts'
import { removeTokens } from '../paperclip-api/run-tokens.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import type { LiveRecord } from '../restart/live-records.ts'
import type { JobEnd } from './job-register.ts'

/** What happens outside of a Job while a run follows it: the register, the record for restarts, files of the run. */
export interface JobLife {
  /** The run begins to follow the Job. */
  begin(): Promise<void>
  /** The run has ended. What is left in the cluster is removed in the background; the result does not wait for it. */
  finish(end: JobEnd): Promise<void>
}

const tidyMs = 60_000

/** What must be done at each end. A table, so that no combination is forgotten. */
const effects: Readonly<Record<JobEnd, { record: 'reported' | 'removed' | 'kept'; tokens: 'removed' | 'kept' }>> = {
  // Written before the result is reported: after a crash, a Job not yet removed must not be taken for a lost run.
  known: { record: 'reported', tokens: 'removed' },
  unsure: { record: 'removed', tokens: 'removed' },
  elsewhere: { record: 'kept', tokens: 'kept' },
}

/** How following a Job has ended, by its outcome. */
export function endOf(outcome: Outcome): JobEnd {
  return mayStillRun(outcome) ? 'unsure' : 'known'
}

/** Manages the Job of one run. The run must have taken it in the register. */
export function jobLife(
  type: string,
  {
    deps,
    plan,
    job,
    onRemoved,
  }: {
    deps: AdapterDependencies
    plan: RunPlan
    job: AcquiredJob
    /** The run is removed from the cluster, or kept on purpose. */
    onRemoved: () => void
  },
): JobLife {
  const { handle, tokenFile, journalFile } = job
  const { uid, name } = handle.job
  const records = deps.records(type)
  const record = recordOf(plan, job)
  const attempt = async (otherwise: string, work: () => Promise<void> | undefined): Promise<void> => {
    try {
      await work()
    } catch (error) {
      deps.onWarning(`${otherwise}: ${errorMessage(error)}`, { code: 'run_record_failed' })
    }
  }
  // A record is for a restart only: a disk that cannot take it must not cost the run.
  const note = (write: () => Promise<void> | undefined): Promise<void> =>
    attempt('The record of a Job could not be kept, so a restart of the server will not reattach to it', write)

  const cleanUp = async (end: JobEnd): Promise<void> => {
    try {
      await handle.settled
      if (end === 'known') onRemoved()
    } finally {
      deps.state.jobs.forget(uid)
    }
    // A kept Job can be found for as long as it is kept, and so can its mark.
    if (end !== 'known' || plan.settings.retainJobs) return
    await note(() => records?.remove(name))
    await removeJournal(journalFile)
    await tidyVolume(plan, { now: deps.clock.wallTime(), signal: AbortSignal.timeout(tidyMs) })
  }
  return {
    begin: () => note(() => records?.put(record)),
    async finish(end) {
      const todo = effects[end]
      if (todo.record === 'reported') await note(() => records?.put({ ...record, reported: true }))
      if (todo.record === 'removed') await note(() => records?.remove(name))
      if (todo.tokens === 'removed' && tokenFile !== null) {
        await attempt(`The tokens of run ${handle.runId} could not be removed`, () => removeTokens(tokenFile))
      }
      deps.state.jobs.finish(uid, end, plan.cluster)
      plan.cluster.afterwards(cleanUp(end))
    },
  }
}

/** A pasted kubeconfig is a secret and is not written to disk; after a restart, its Jobs wait for a comment. */
function recordOf(plan: RunPlan, { handle, tokenFile }: AcquiredJob): LiveRecord {
  const { kubeconfig } = plan.settings
  return {
    version: 1,
    job: handle.job.name,
    namespace: handle.job.namespace,
    secret: secretNameFor(handle.key),
    kubeconfig: kubeconfig?.startsWith('/') ? kubeconfig : null,
    agentId: plan.run.agentId,
    issueId: plan.run.issueId,
    runId: handle.runId,
    ...(plan.settings.retainJobs ? { retained: true } : {}),
    ...(tokenFile === null ? {} : { tokenFile }),
  }
}
