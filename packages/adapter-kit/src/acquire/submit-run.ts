import { RunError, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { AdapterError, messageOf } from '../adapter-error.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import type { ClaimedRun, ClaimInput } from './acquire-job.ts'
import { ensureClaims } from '../volume/ensure-volume-claims.ts'
import { labelValue } from '../pod/labels.ts'
import { openProxy, type PaperclipProxy } from '../paperclip-api/paperclip-proxy.ts'
import { prepareStart } from '../plan/prepare-start.ts'
import { runFile } from '../volume/run-file.ts'
import { journalSource } from '../follow/run-journal.ts'
import { removeTokens } from '../paperclip-api/run-tokens.ts'

/** Prepares the run's Job and has it made. */
export async function submitRun<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  input: ClaimInput<Schema, Summary>,
): Promise<ClaimedRun> {
  const { ctx, plan, relay, state } = input
  const { proxy, warning: unkept } = await openProxy(plan, ctx.authToken)
  if (unkept !== null) await relay.line('stderr', `[paperclip] ${unkept}`)
  try {
    return await submit(input, proxy)
  } catch (error) {
    // Where nobody knows whether there is a Job, its agent may still need the token.
    if (proxy !== null && !state.submitted) await removeTokens(proxy.file)
    throw error
  }
}

async function submit<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  { definition, ctx, deps, plan, relay, signal, state }: ClaimInput<Schema, Summary>,
  proxy: PaperclipProxy | null,
): Promise<ClaimedRun> {
  const runner = plan.cluster.runner(plan.namespace)
  const prepared = await prepareStart(definition, plan, ctx, proxy, deps.state.granted)
  if (prepared.resume.kind === 'fresh' && prepared.resume.notice !== null) {
    await relay.line('stdout', `[paperclip] ${prepared.resume.notice}`)
  }
  for (const warning of prepared.warnings.slice(plan.warnings.length))
    await relay.line('stderr', `[paperclip] ${warning}`)
  await ctx.onMeta?.(prepared.meta)
  signal.throwIfAborted()
  await ensureClaims(plan.cluster.client, prepared.claims, {
    namespace: plan.namespace,
    labels: {
      'app.kubernetes.io/managed-by': 'paperclip',
      'paperclip.io/agent-id': labelValue(plan.run.agentId) ?? '',
      'paperclip.io/adapter-type': definition.type,
    },
    // Whole ids, by which Paperclip can be asked whether the agent is still there; labels cut what is long.
    annotations: { 'paperclip.io/agent-id': plan.run.agentId, 'paperclip.io/company-id': plan.run.companyId },
    signal,
  })
  ctx.onDispatch?.()
  state.submitted = true
  const journalFile = runFile(plan, plan.places.journalPath, plan.run.runId)
  let handle: RunHandle
  try {
    handle = await runner.start(prepared.request, { signal, ...journalSource(journalFile) })
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
    tokenFile: proxy?.file ?? null,
    journalFile,
    promptBundleKey: prepared.bundle.key,
    mcpServerIdentity: prepared.mcpServerIdentity,
    previous: prepared.resume.kind === 'resume' ? prepared.resume.previous : null,
  }
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
