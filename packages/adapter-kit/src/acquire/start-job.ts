import { RunError } from '@agent-jobs/k8s-job-runner'
import { errorMessage } from '@agent-jobs/primitives'
import type { AgentSummary } from '@agent-jobs/agent-run'
import { AdapterError } from '../adapter-error.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { journalSource } from '../follow/run-journal.ts'
import { agentTelemetry } from '../observe/agent-telemetry.ts'
import { openProxy, type PaperclipProxy } from '../paperclip-api/paperclip-proxy.ts'
import { removeTokens } from '../paperclip-api/run-tokens.ts'
import { prepareStart } from '../plan/prepare-start.ts'
import { labelValue } from '../pod/labels.ts'
import { ensureVolumeClaims } from '../volume/ensure-volume-claims.ts'
import { runFile } from '../volume/run-file.ts'
import type { AcquireInput } from './acquire-input.ts'
import type { Acquisition } from './acquired-job.ts'

/** Prepares the run's Job and starts it. */
export async function startJob<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  input: AcquireInput<Schema, Summary>,
): Promise<Acquisition> {
  const { ctx, plan, say } = input
  const { proxy, warning } = await openProxy(plan, ctx.authToken)
  if (warning !== null) await say('stderr', `[paperclip] ${warning}`)
  let started: Acquisition | null = null
  try {
    started = await start(input, proxy)
    return started
  } finally {
    // If a Job may exist, its agent may still need the token.
    const mayExist = started?.kind === 'acquired' || started?.mayHaveBegun === true
    if (proxy !== null && !mayExist) await removeTokens(proxy.file)
  }
}

async function start<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  { definition, deps, ctx, plan, host, say, signal, watch }: AcquireInput<Schema, Summary>,
  proxy: PaperclipProxy | null,
): Promise<Acquisition> {
  const { agentTrace } = watch
  const telemetry = agentTelemetry(agentTrace, {
    env: deps.env,
    runId: ctx.runId,
    ownTelemetry: definition.telemetryEnv,
  })
  const prepared = await prepareStart(definition, plan, ctx, {
    proxy,
    granted: deps.state.granted,
    telemetry,
    traceRecord: agentTrace?.record ?? null,
  })
  if (prepared.resume.kind === 'fresh' && prepared.resume.notice !== null) {
    await say('stdout', `[paperclip] ${prepared.resume.notice}`)
  }
  for (const note of prepared.notes) await say('stdout', `[paperclip] ${note}`)
  for (const warning of prepared.warnings) await say('stderr', `[paperclip] ${warning}`)
  host.meta(prepared.meta)
  signal.throwIfAborted()
  await ensureVolumeClaims(plan.cluster.client, prepared.volumeClaims, {
    namespace: plan.namespace,
    labels: {
      'app.kubernetes.io/managed-by': 'paperclip',
      'paperclip.io/agent-id': labelValue(plan.run.agentId) ?? '',
      'paperclip.io/adapter-type': definition.type,
    },
    // Full ids, to ask Paperclip whether the agent still exists; labels truncate long values.
    annotations: { 'paperclip.io/agent-id': plan.run.agentId, 'paperclip.io/company-id': plan.run.companyId },
    signal,
  })
  host.dispatch()
  const journalFile = runFile(plan, plan.places.journalPath, plan.run.runId)
  try {
    const runner = plan.cluster.runner(plan.namespace)
    const calledAt = deps.clock.wallTime()
    const handle = await runner.start(prepared.request, { signal, ...journalSource(journalFile) })
    deps.state.jobs.take(handle.job.uid)
    const deadline = plan.settings.timeoutSec > 0 ? `${plan.settings.timeoutSec}s` : 'none'
    await say(
      'stdout',
      `[paperclip] Created K8s Job: ${handle.job.name} in namespace ${plan.namespace} (deadline: ${deadline})`,
    )
    const job = {
      handle,
      calledAt,
      adopted: null,
      secrets: prepared.secrets,
      tokenFile: proxy?.file ?? null,
      journalFile,
      promptBundleKey: prepared.bundle.key,
      mcpServerIdentity: prepared.mcpServerIdentity,
      previous: prepared.resume.kind === 'resume' ? prepared.resume.previous : null,
    }
    return { kind: 'acquired', job }
  } catch (error) {
    return refused(error)
  }
}

function refused(error: unknown): Acquisition {
  // Errors other than the runner's own refusals do not tell whether the request took effect.
  if (!RunError.isInstance(error)) return { kind: 'refused', error, mayHaveBegun: true }
  if (error.code === 'run_locked' || error.code === 'lock_lost') {
    const blocked = new AdapterError(
      'k8s_concurrent_run_blocked',
      `Concurrent run blocked: Job ${error.holder?.job ?? '(unknown)'} is still running for this agent. ${error.message}`,
      { cause: error, retryable: true },
    )
    return { kind: 'refused', error: blocked, mayHaveBegun: false }
  }
  const failed = new AdapterError('k8s_job_create_failed', `Failed to create Kubernetes Job: ${errorMessage(error)}`, {
    cause: error,
    retryable: error.retryable,
  })
  // Every other code means that nothing of the run is left.
  return { kind: 'refused', error: failed, mayHaveBegun: error.code === 'unreachable' }
}
