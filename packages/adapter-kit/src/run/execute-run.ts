import { mayStillRun, RunError, secretNameFor, type RunHandle } from '@agent-jobs/k8s-job-runner'
import type { AdapterExecutionContext, AdapterExecutionResult } from '@paperclipai/adapter-utils'
import type { z } from 'zod'
import { AdapterError, messageOf } from '../adapter-error.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import type { LiveRecord } from '../restart/live-records.ts'
import { earlyFailure, executionResult } from '../result/execution-result.ts'
import { concludeRun } from '../result/conclude-run.ts'
import { offeredSession } from '../session/decide-resume.ts'
import type { SessionParams } from '../session/session-params.ts'
import type { VolumePlace } from '../volume/held-folder.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { requireBudget } from '../plan/budget-gate.ts'
import { claimRun } from '../acquire/acquire-job.ts'
import { followRun } from '../follow/follow-run.ts'
import { tidyVolume } from '../housekeeping/housekeeping.ts'
import { logRelay, secretRedactor } from '../follow/log-relay.ts'
import { removeTokens } from '../paperclip-api/run-tokens.ts'
import { planRun, type RunPlan } from '../plan/plan-run.ts'
import { removeJournal } from '../follow/run-journal.ts'
import { runEvents } from '../follow/run-events.ts'

// Paperclip gives a cancelled run 60 s to settle before it tells the operator that it failed.
const longestCancelGraceSeconds = 30
const tidyMs = 60_000

/** True when this server no longer owns the run; somebody else does, and the Job must live on. */
function lostOwnership(signal: AbortSignal): boolean {
  return signal.aborted && /lease lost/i.test(messageOf(signal.reason))
}

/** Runs one agent for Paperclip, from context to result. Never throws for what can be reported. */
export async function executeRun<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  deps: AdapterDependencies,
  ctx: AdapterExecutionContext,
): Promise<AdapterExecutionResult> {
  const signal = ctx.signal ?? new AbortController().signal
  const session = offeredSession(ctx.runtime)
  const state = { submitted: false }
  deps.state.running.add(ctx.runId)
  try {
    await ctx.onCancellationReady?.()
    const plan = await planRun(definition, deps, ctx, signal)
    if (plan.settings.budgetGate) await requireBudget(deps, ctx, signal)
    const relay = logRelay(ctx.onLog)
    for (const warning of plan.warnings) await relay.line('stderr', `[paperclip] ${warning}`)
    const claimed = await claimRun({ definition, deps, ctx, plan, relay, signal, state })
    return await finishRun({ definition, deps, ctx, plan, signal, ...claimed })
  } catch (error) {
    return failureOf(error, { session, signal, submitted: state.submitted, now: deps.clock.now() })
  } finally {
    deps.state.running.delete(ctx.runId)
  }
}

function failureOf(
  error: unknown,
  {
    session,
    signal,
    submitted,
    now,
  }: { session: SessionParams | null; signal: AbortSignal; submitted: boolean; now: number },
): AdapterExecutionResult {
  const known = AdapterError.isInstance(error) ? error : null
  if (RunError.isInstance(error) && error.code === 'detached') {
    return earlyFailure({
      errorCode: 'k8s_run_detached',
      errorMessage:
        'This Paperclip server no longer owns the run and has let go of it. Its Job goes on; the next run of the task adopts it.',
      session,
      retryable: true,
      cancelled: false,
      neverBegan: false,
      now,
    })
  }
  const retryable = known?.retryable ?? (RunError.isInstance(error) ? error.retryable : false)
  const cancelled = signal.aborted && !lostOwnership(signal)
  const neverBegan = !submitted
  return earlyFailure({
    errorCode: known?.code ?? (submitted ? 'k8s_run_lost' : 'k8s_job_create_failed'),
    errorMessage: cancelled ? `Run cancelled: ${messageOf(signal.reason)}` : messageOf(error),
    session,
    retryable,
    cancelled,
    neverBegan,
    now,
  })
}

async function finishRun<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(input: {
  definition: AgentDefinition<Schema, Summary>
  deps: AdapterDependencies
  ctx: AdapterExecutionContext
  plan: RunPlan<z.output<Schema>>
  signal: AbortSignal
  handle: RunHandle
  adoptedFromRun: string | null
  secrets: readonly string[]
  tokenFile: VolumePlace | null
  journalFile: VolumePlace | null
  promptBundleKey: string | null
  mcpServerIdentity: string | null
  previous: SessionParams | null
}): Promise<AdapterExecutionResult> {
  const { definition, deps, ctx, plan, signal, handle } = input
  const redact = secretRedactor(input.secrets)
  const relay = logRelay(ctx.onLog, { redact })
  const events = runEvents(ctx, handle)
  const stopping = cancelOnAbort(handle, signal, plan.settings.graceSec)
  deps.state.followed.add(handle.job.uid)
  const records = deps.records(definition.type)
  /** `elsewhere`: the Job goes on without this server. `unsure`: nobody can tell whether something of it still runs. */
  let end: 'elsewhere' | 'unsure' | 'known' = 'unsure'
  const cleanUp = async (): Promise<void> => {
    try {
      await handle.settled
    } finally {
      deps.state.reported.delete(handle.job.uid)
      plan.cluster.ending.delete(handle.job.uid)
    }
    // A Job that is kept can be found for as long as it is kept, and so can the mark.
    if (end !== 'known' || plan.settings.retainJobs) return
    await noteDown(deps, () => records?.remove(handle.job.name))
    await removeJournal(input.journalFile)
    await tidyVolume(plan, { now: deps.clock.now(), signal: AbortSignal.timeout(tidyMs) })
  }
  try {
    await noteDown(deps, () => records?.put(recordOf(plan, input)))
    await events.claimed(input.adoptedFromRun)
    const followed = await followRun({
      handle,
      parser: definition.createParser(),
      relay,
      clock: deps.clock,
      progress: events.phase,
    })
    if (followed.kind === 'detached') throw followed.error
    const { outcome, summary, output, timings } = followed
    if (!mayStillRun(outcome)) end = 'known'
    const concluded = concludeRun(definition, followed)
    const conclusion =
      concluded.kind === 'failed' ? { ...concluded, errorMessage: redact(concluded.errorMessage) } : concluded
    await events.ended(outcome, conclusion)
    if (conclusion.kind === 'failed') await relay.line('stderr', `[paperclip] ${conclusion.errorMessage}`)
    else if (conclusion.warning !== null) await relay.line('stderr', `[paperclip] ${conclusion.warning}`)
    const billing = definition.billing(plan.visibleEnv, summary, plan.settings)
    return executionResult({
      conclusion,
      outcome,
      summary: summary.result === null ? summary : { ...summary, result: redact(summary.result) },
      session: nextSession(summary, plan, input),
      model: summary.model ?? plan.settings.model ?? null,
      billing,
      cost: definition.cost?.({ summary, settings: plan.settings, billing }),
      report: {
        job: handle.job.name,
        namespace: handle.job.namespace,
        pod: outcome.pod ?? null,
        node: outcome.node ?? null,
        adoptedFromRun: input.adoptedFromRun,
        outcome: outcome.code,
        outputComplete: output.verdict === 'unverified' ? null : output.verdict === 'complete',
        timings,
      },
      retryAt: definition.retryAt?.(summary) ?? null,
      now: deps.clock.now(),
    })
  } catch (error) {
    if (lostOwnership(signal) || (RunError.isInstance(error) && error.code === 'detached')) end = 'elsewhere'
    throw error
  } finally {
    const { uid } = handle.job
    await noteDown(deps, async () => {
      // On disk before the result is out: a server that dies before the Job is gone must not take it for a lost run.
      if (end === 'known') await records?.put({ ...recordOf(plan, input), reported: true })
      else if (end === 'unsure') await records?.remove(handle.job.name)
    })
    const { tokenFile } = input
    if (end !== 'elsewhere' && tokenFile !== null) {
      await attempt(deps, `The tokens of run ${handle.runId} could not be removed`, () => removeTokens(tokenFile))
    }
    // Where another server, or a later run of this one, goes on with it, it is not on its way out.
    if (end !== 'elsewhere') {
      deps.state.reported.add(uid)
      plan.cluster.ending.add(uid)
    }
    deps.state.followed.delete(uid)
    // The result waits for nobody; what is left in the cluster is removed behind it.
    plan.cluster.afterwards(cleanUp())
    await stopping.settle()
  }
}

/** A record is for a restart only: a disk that cannot take it must not cost the run. */
function noteDown(deps: AdapterDependencies, write: () => Promise<void> | undefined): Promise<void> {
  const lost = 'The record of a Job could not be kept, so a restart of the server will not take it back by itself'
  return attempt(deps, lost, write)
}

/** Does what no run may fail for, and warns where it cannot be done. */
async function attempt(
  deps: AdapterDependencies,
  otherwise: string,
  work: () => Promise<void> | undefined,
): Promise<void> {
  try {
    await work()
  } catch (error) {
    deps.onWarning(`${otherwise}: ${messageOf(error)}`)
  }
}

/** A kubeconfig that was pasted in is a secret and is not written down; its Jobs wait for a comment after a restart. */
function recordOf(
  plan: RunPlan,
  { handle, tokenFile }: { handle: RunHandle; tokenFile: VolumePlace | null },
): LiveRecord {
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

function nextSession(
  summary: AgentSummary,
  plan: RunPlan,
  input: { previous: SessionParams | null; promptBundleKey: string | null; mcpServerIdentity: string | null },
): SessionParams | null {
  const sessionId = summary.sessionId ?? input.previous?.sessionId
  if (sessionId === undefined) return null
  const { workspace } = plan.run
  return {
    sessionId,
    cwd: plan.places.cwd,
    ...(input.promptBundleKey === null ? {} : { promptBundleKey: input.promptBundleKey }),
    ...(input.mcpServerIdentity === null ? {} : { mcpServerIdentity: input.mcpServerIdentity }),
    ...(workspace.id === null ? {} : { workspaceId: workspace.id }),
    ...(workspace.repoUrl === null ? {} : { repoUrl: workspace.repoUrl }),
    ...(workspace.repoRef === null ? {} : { repoRef: workspace.repoRef }),
  }
}

/** Stops the Job when Paperclip cancels the run, and lets go of it when the run is no longer ours. */
function cancelOnAbort(handle: RunHandle, signal: AbortSignal, graceSec: number): { settle(): Promise<void> } {
  let stopping: Promise<PromiseSettledResult<unknown>[]> | null = null
  const stop = () => {
    const graceSeconds = Math.min(Math.max(1, graceSec), longestCancelGraceSeconds)
    const work = lostOwnership(signal) ? handle.detach() : handle.cancel({ by: messageOf(signal.reason), graceSeconds })
    stopping = Promise.allSettled([work])
  }
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return {
    async settle() {
      signal.removeEventListener('abort', stop)
      for (const settled of (await stopping) ?? []) if (settled.status === 'rejected') throw settled.reason
    },
  }
}
