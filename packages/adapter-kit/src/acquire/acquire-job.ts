import type { RunHandle } from '@agent-jobs/k8s-job-runner'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import type { z } from 'zod'
import { AdapterError, messageOf } from '../adapter-error.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import { offeredSession } from '../session/decide-resume.ts'
import type { SessionParams } from '../session/session-params.ts'
import type { VolumePlace } from '../volume/held-folder.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { adoptJob } from './adopt-job.ts'
import { blockedError, listAgentJobs, type AgentJob } from './candidates.ts'
import { decideClaim, type ClaimDecision } from './decide-acquisition.ts'
import { labelValue } from '../pod/labels.ts'
import type { LogRelay } from '../follow/log-relay.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import { submitRun } from './submit-run.ts'
import { waitForJobs } from './wait-for-jobs.ts'

/** A Job that is this run's now, started or adopted. */
export interface ClaimedRun {
  handle: RunHandle
  adoptedFromRun: string | null
  secrets: readonly string[]
  /** Where this server keeps the run's tokens; null when the agent has its token itself. */
  tokenFile: VolumePlace | null
  /** The run's journal where this server sees it; null without one. */
  journalFile: VolumePlace | null
  promptBundleKey: string | null
  mcpServerIdentity: string | null
  /** The session that the run continues; null for a fresh one. */
  previous: SessionParams | null
}

/** What a claim is made with. */
export interface ClaimInput<Schema extends AgentDefinition['schema'], Summary extends AgentSummary> {
  definition: AgentDefinition<Schema, Summary>
  deps: AdapterDependencies
  ctx: AdapterExecutionContext
  plan: RunPlan<z.output<Schema>>
  relay: LogRelay
  signal: AbortSignal
  state: { submitted: boolean }
}

// Somebody else may take the lock between the look and the start; each time it is looked at anew.
const attempts = 3

/** Starts the run's Job, or adopts the one that is already at this task, or waits for the one that is in the way. */
export async function claimRun<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  input: ClaimInput<Schema, Summary>,
): Promise<ClaimedRun> {
  const { definition, plan, deps, ctx, relay, signal } = input
  const { settings, run, isolation } = plan
  const labelSelector = `paperclip.io/agent-id=${labelValue(run.agentId)},paperclip.io/adapter-type=${definition.type}`
  const place = { namespace: plan.namespace, labelSelector, signal }
  const offered = offeredSession(ctx.runtime)
  const reportedBefore = await reportedJobs(deps, definition.type, plan.namespace)
  const decide = (jobs: readonly AgentJob[]): ClaimDecision =>
    decideClaim(
      jobs,
      {
        runId: run.runId,
        taskId: labelValue(run.taskId),
        sessionId: labelValue(offered?.sessionId),
        isolationKey: isolation.keyHash,
        reattach: settings.reattachOrphanedJobs,
        patient: settings.waitForConcurrent,
      },
      {
        running: deps.state.running,
        followed: deps.state.followed,
        reported: new Set([
          ...deps.state.reported,
          ...jobs.flatMap(({ name, uid }) => (reportedBefore.has(name) ? [uid] : [])),
        ]),
        ended: plan.cluster.ending,
        key: plan.key,
        wakeReason: ctx.context['wakeReason'],
      },
    )
  for (let attempt = 1; ; attempt += 1) {
    let decision = decide(await listAgentJobs(plan.cluster.client, place))
    if (decision.kind === 'wait') decision = await waitForJobs(input, place, decision, decide)
    if (decision.kind === 'block') throw blockedError(decision.relation, decision.jobs)
    if (decision.kind === 'adopt') {
      const adopted = await adoptAlone(input, decision.job)
      if (adopted !== null) return adopted
      continue
    }
    try {
      return await submitRun(input)
    } catch (error) {
      if (!(AdapterError.isInstance(error) && error.code === 'k8s_concurrent_run_blocked') || attempt === attempts)
        throw error
      await relay.line('stdout', '[paperclip] Another run took the lock first — looking again')
    }
  }
}

/** The Jobs, by name, whose result an earlier life of this server has reported and did not live to remove. */
async function reportedJobs(deps: AdapterDependencies, type: string, namespace: string): Promise<ReadonlySet<string>> {
  try {
    const records = (await deps.records(type)?.list()) ?? []
    return new Set(
      records.flatMap((record) => (record.reported === true && record.namespace === namespace ? [record.job] : [])),
    )
  } catch (error) {
    deps.onWarning(
      `The records of earlier Jobs cannot be read, so one whose result was reported may be adopted again: ${messageOf(error)}`,
    )
    return new Set()
  }
}

/** Adopts a Job that no other run of this process has taken meanwhile; null when one has, or when the Job is gone. */
async function adoptAlone<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  input: ClaimInput<Schema, Summary>,
  job: AgentJob,
): Promise<ClaimedRun | null> {
  const { followed } = input.deps.state
  if (followed.has(job.uid)) return null
  followed.add(job.uid)
  let adopted: ClaimedRun | null = null
  try {
    adopted = await adoptJob(input, job)
    return adopted
  } finally {
    if (adopted === null) followed.delete(job.uid)
  }
}
