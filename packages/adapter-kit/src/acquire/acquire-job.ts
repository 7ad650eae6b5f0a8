import type { AgentSummary } from '@agent-jobs/agent-run'
import { errorMessage } from '@agent-jobs/primitives'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { AdapterError } from '../adapter-error.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { labelValue } from '../pod/labels.ts'
import type { RunWatch } from '../run/run-watch.ts'
import type { AcquireInput } from './acquire-input.ts'
import type { Acquisition } from './acquired-job.ts'
import { adoptJob } from './adopt-job.ts'
import { blockedError, listAgentJobs, type AgentJob } from './candidates.ts'
import { decideAcquisition, type AcquisitionDecision } from './decide-acquisition.ts'
import { startJob } from './start-job.ts'
import { waitForTurn, type Turn } from './wait-for-turn.ts'

// Another process may take the lock between listing and starting; list the Jobs again each time.
const attempts = 3

/** Starts the run's Job, adopts the one that already works on this task, or waits for the one that blocks it. */
export async function acquireJob<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  input: AcquireInput<Schema, Summary>,
): Promise<Acquisition> {
  try {
    return await acquire(input)
  } catch (error) {
    return { kind: 'refused', error, mayHaveBegun: false }
  }
}

async function acquire<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  input: AcquireInput<Schema, Summary>,
): Promise<Acquisition> {
  const { plan, say, deps, signal } = input
  const place = {
    namespace: plan.namespace,
    labelSelector: `paperclip.io/agent-id=${labelValue(plan.run.agentId)},paperclip.io/adapter-type=${input.definition.type}`,
    signal,
  }
  const decide = await decider(input)
  await using turn = waitForTurn({ deps, plan, status: input.status, say, place, decide, signal })
  for (let attempt = 1; ; attempt += 1) {
    const seen = decide(await listAgentJobs(plan.cluster.client, place))
    const decision = turn.mustWait(seen) ? await observedWait(turn, seen, input.watch) : seen
    // The Jobs may have changed during the wait.
    if (decision !== seen) attempt = 1
    switch (decision.kind) {
      case 'wait':
      case 'block':
        throw blockedError(decision.kind === 'block' ? decision.relation : 'same_run', decision.jobs)
      case 'adopt': {
        const adopted = await adoptAlone(input, decision.job)
        if (adopted !== null) return adopted
        break
      }
      case 'start': {
        const started = await startJob(input)
        const isBusy = started.kind === 'refused' && isLockTaken(started.error)
        if (!isBusy || attempt >= attempts) return started
        await say('stdout', '[paperclip] Another run took the lock first — looking again')
        break
      }
      default:
        decision satisfies never
    }
  }
}

async function observedWait(
  turn: Turn,
  seen: AcquisitionDecision,
  watch: Pick<RunWatch, 'waiting'>,
): Promise<AcquisitionDecision> {
  watch.waiting(true)
  try {
    return await turn.wait(seen)
  } finally {
    watch.waiting(false)
  }
}

function isLockTaken(error: unknown): boolean {
  return AdapterError.isInstance(error) && error.code === 'k8s_concurrent_run_blocked'
}

/** Makes the decision about the agent's Jobs, with what this process knows about each of them. */
async function decider<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>({
  definition,
  deps,
  plan,
  ctx,
}: AcquireInput<Schema, Summary>): Promise<(jobs: readonly AgentJob[]) => AcquisitionDecision> {
  const reportedBefore = await reportedJobs(deps, definition.type, plan.namespace)
  const { settings, run, isolation } = plan
  const wanted = {
    runId: run.runId,
    taskId: labelValue(run.taskId),
    sessionId: labelValue(plan.offeredSession?.sessionId),
    isolationKey: isolation.keyHash,
    reattach: settings.reattachOrphanedJobs,
    patient: settings.waitForConcurrent,
  }
  return (jobs) => {
    const stages = jobs.map(({ uid, name }) => ({ uid, name, stage: deps.state.jobs.stageOf(uid) }))
    const uids = (test: (job: (typeof stages)[number]) => boolean) => new Set(stages.filter(test).map(({ uid }) => uid))
    return decideAcquisition(jobs, wanted, {
      running: deps.state.running,
      followed: uids(({ stage }) => stage?.kind === 'followed'),
      reported: uids(({ stage, name }) => stage?.kind === 'leaving' || reportedBefore.has(name)),
      ended: uids(({ stage }) => stage?.kind === 'leaving' && stage.by === plan.cluster),
      key: plan.key,
      wakeReason: ctx.context['wakeReason'],
    })
  }
}

/** The Jobs, by name, whose result a previous process reported but which it did not remove before it ended. */
async function reportedJobs(deps: AdapterDependencies, type: string, namespace: string): Promise<ReadonlySet<string>> {
  try {
    const records = (await deps.records(type)?.list()) ?? []
    return new Set(
      records.flatMap((record) => (record.reported === true && record.namespace === namespace ? [record.job] : [])),
    )
  } catch (error) {
    deps.onWarning(
      `The records of earlier Jobs cannot be read, so one whose result was reported may be adopted again: ${errorMessage(error)}`,
    )
    return new Set()
  }
}

/** Adopts a Job unless another run of this process has taken it; null then, and when the Job is gone. */
async function adoptAlone<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  input: AcquireInput<Schema, Summary>,
  job: AgentJob,
): Promise<Acquisition | null> {
  const { jobs } = input.deps.state
  if (!jobs.take(job.uid)) return null
  let adopted: Acquisition | null = null
  try {
    adopted = await adoptJob(input, job)
    return adopted
  } finally {
    if (adopted?.kind !== 'acquired') jobs.finish(job.uid, 'elsewhere', input.plan.cluster)
  }
}
