import { RunError, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { fileJournal, type JournalSource } from '@agent-jobs/log-stream'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import type { z } from 'zod'
import { AdapterError, messageOf } from '../adapter-error.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AgentSummary } from '../agent/agent-summary.ts'
import { offeredSession } from '../session/decide-resume.ts'
import type { SessionParams } from '../session/session-params.ts'
import type { AdapterDependencies } from './adapter-dependencies.ts'
import type { LogRelay } from './log-relay.ts'
import type { RunPlan } from './plan-run.ts'
import { prepareStart } from './prepare-start.ts'

/** A Job that is this run's now, started or adopted. */
export interface ClaimedRun {
  handle: RunHandle
  adoptedFromRun: string | null
  secrets: readonly string[]
  promptBundleKey: string | null
  mcpServerIdentity: string | null
  /** The session that the run continues; null for a fresh one. */
  previous: SessionParams | null
}

/** Starts the run's Job, or adopts the one that is already at this task. */
export async function claimRun<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(input: {
  definition: AgentDefinition<Schema, Summary>
  deps: AdapterDependencies
  ctx: AdapterExecutionContext
  plan: RunPlan<z.output<Schema>>
  relay: LogRelay
  signal: AbortSignal
  state: { submitted: boolean }
}): Promise<ClaimedRun> {
  const { definition, ctx, plan, relay, signal, state } = input
  const runner = plan.cluster.runner(plan.namespace)
  const prepared = await prepareStart(definition, plan, ctx)
  if (prepared.resume.kind === 'fresh' && prepared.resume.notice !== null) {
    await relay.line('stdout', `[paperclip] ${prepared.resume.notice}`)
  }
  for (const warning of prepared.warnings.slice(plan.warnings.length))
    await relay.line('stderr', `[paperclip] ${warning}`)
  await ctx.onMeta?.(prepared.meta)
  signal.throwIfAborted()
  ctx.onDispatch?.()
  state.submitted = true
  let handle: RunHandle
  try {
    handle = await runner.start(prepared.request, { signal, ...journalOf(plan) })
  } catch (error) {
    throw startFailure(error, state)
  }
  const deadline = plan.settings.timeoutSec > 0 ? `${plan.settings.timeoutSec}s` : 'none'
  await relay.line(
    'stdout',
    `[paperclip] Created K8s Job: ${handle.job.name} in namespace ${plan.namespace} (deadline: ${deadline})`,
  )
  return {
    handle,
    adoptedFromRun: null,
    secrets: prepared.secrets,
    promptBundleKey: prepared.bundle.key,
    mcpServerIdentity: prepared.mcpServerIdentity,
    previous: prepared.resume.kind === 'resume' ? offeredSession(ctx.runtime) : null,
  }
}

/** Where this server reads the run's journal, to fill gaps in the log. */
function journalOf(plan: RunPlan): { journal?: JournalSource } {
  const path = plan.places.journalPath === null ? null : plan.volume.resolve(plan.places.journalPath)
  return path === null ? {} : { journal: fileJournal(path) }
}

function startFailure(error: unknown, state: { submitted: boolean }): unknown {
  if (!RunError.isInstance(error)) return error
  // Every code but this one says that nothing of the run is left.
  state.submitted = error.code === 'unreachable'
  if (error.code === 'key_busy' || error.code === 'lock_lost') {
    return new AdapterError(
      'k8s_concurrent_run_blocked',
      `Concurrent run blocked: Job ${error.holder?.job ?? '(unknown)'} is still running for this agent. ${error.message}`,
      { cause: error, retryable: true },
    )
  }
  return new AdapterError('k8s_job_create_failed', `Failed to create Kubernetes Job: ${messageOf(error)}`, {
    cause: error,
    retryable: error.retryable,
  })
}
