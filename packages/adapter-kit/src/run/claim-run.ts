import { RunError, secretNameFor, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { isNotFound, kinds } from '@agent-jobs/kube-api'
import { fileJournal, type JournalSource } from '@agent-jobs/log-stream'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import type { z } from 'zod'
import { AdapterError, messageOf } from '../adapter-error.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AgentSummary } from '../agent/agent-summary.ts'
import { isSensitive } from '../pod/env-policy.ts'
import { offeredSession } from '../session/decide-resume.ts'
import type { SessionParams } from '../session/session-params.ts'
import type { AdapterDependencies } from './adapter-dependencies.ts'
import { agentJob, blockedError, listAgentJobs, type AgentJob } from './candidates.ts'
import { decideClaim, type ClaimDecision } from './decide-claim.ts'
import { labelValue } from './labels.ts'
import { ensureClaims } from './ensure-claims.ts'
import type { LogRelay } from './log-relay.ts'
import type { RunPlan } from './plan-run.ts'
import { openProxy, tokenFileOf, type PaperclipProxy } from './paperclip-proxy.ts'
import { prepareStart } from './prepare-start.ts'
import { addToken, readTokens, removeTokens } from './run-tokens.ts'

/** A Job that is this run's now, started or adopted. */
export interface ClaimedRun {
  handle: RunHandle
  adoptedFromRun: string | null
  secrets: readonly string[]
  /** Where this server keeps the run's tokens; null when the agent has its token itself. */
  tokenFile: string | null
  /** The run's journal where this server sees it; null without one. */
  journalFile: string | null
  promptBundleKey: string | null
  mcpServerIdentity: string | null
  /** The session that the run continues; null for a fresh one. */
  previous: SessionParams | null
}

interface ClaimInput<Schema extends AgentDefinition['schema'], Summary extends AgentSummary> {
  definition: AgentDefinition<Schema, Summary>
  deps: AdapterDependencies
  ctx: AdapterExecutionContext
  plan: RunPlan<z.output<Schema>>
  relay: LogRelay
  signal: AbortSignal
  state: { submitted: boolean }
}

// A Job that is being deleted goes within its grace; nobody should be refused because of it.
const leavingMs = 120_000
const unlimitedWaitMs = 3_600_000
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
        followed: deps.followed,
        reported: new Set([
          ...deps.reported,
          ...jobs.flatMap(({ name, uid }) => (reportedBefore.has(name) ? [uid] : [])),
        ]),
        ended: deps.reported,
        key: plan.key,
        wakeReason: ctx.context['wakeReason'],
      },
    )
  for (let attempt = 1; ; attempt += 1) {
    let decision = decide(await listAgentJobs(plan.cluster.client, place))
    if (decision.kind === 'wait') decision = await waitForOthers(input, place, decision, decide)
    if (decision.kind === 'block') throw blockedError(decision.relation, decision.jobs)
    if (decision.kind === 'adopt') {
      const adopted = await adopt(input, decision.job)
      if (adopted !== null) return adopted
      continue
    }
    try {
      return await start(input)
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

async function waitForOthers<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  { plan, deps, relay, signal }: ClaimInput<Schema, Summary>,
  place: { namespace: string; labelSelector: string },
  first: Extract<ClaimDecision, { kind: 'wait' }>,
  decide: (jobs: readonly AgentJob[]) => ClaimDecision,
): Promise<ClaimDecision> {
  const { settings } = plan
  const patient = first.jobs.some(({ state }) => state !== 'deleting')
  const limited = settings.timeoutSec > 0 ? (settings.timeoutSec + settings.graceSec + 120) * 1000 : unlimitedWaitMs
  const waitMs = patient ? limited : leavingMs
  await relay.line(
    'stdout',
    `[paperclip] Waiting for concurrent Job(s) to finish before starting: ${first.jobs.map(({ name }) => name).join(', ')}`,
  )
  const done = new AbortController()
  const expired = deps.clock.sleep(waitMs, AbortSignal.any([signal, done.signal])).then(
    () => done.abort(),
    () => undefined,
  )
  const jobs = new Map<string, AgentJob>()
  let synced = false
  try {
    const watch = plan.cluster.client.listWatch(kinds.Job, { ...place, signal: AbortSignal.any([signal, done.signal]) })
    for await (const event of watch) {
      if (event.type === 'synced') synced = true
      else {
        const job = agentJob(event.object)
        if (event.type === 'deleted') jobs.delete(job.uid)
        else jobs.set(job.uid, job)
      }
      const decision = synced ? decide([...jobs.values()]) : first
      if (decision.kind === 'wait') continue
      await relay.line('stdout', '[paperclip] Concurrent Job(s) done — going on')
      return decision
    }
  } finally {
    done.abort()
    await expired
  }
  signal.throwIfAborted()
  return {
    kind: 'block',
    jobs: [...jobs.values()].filter(({ state }) => state === 'active' || state === 'queued' || state === 'deleting'),
    relation: 'same_run',
  }
}

async function adopt<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  { definition, plan, ctx, relay, signal, state }: ClaimInput<Schema, Summary>,
  job: AgentJob,
): Promise<ClaimedRun | null> {
  const runner = plan.cluster.runner(plan.namespace)
  const journalFile = journalFileOf(plan, job.runId)
  let handle: RunHandle
  try {
    handle = await runner.attach({ job: job.name, uid: job.uid }, { signal, ...journalSource(journalFile) })
  } catch (error) {
    // It ended and went between the look and the touch: there is nothing left to adopt.
    if (RunError.isInstance(error) && error.code === 'job_not_found') return null
    throw error
  }
  state.submitted = true
  await ctx.onMeta?.({
    adapterType: definition.conversationType,
    command: `kubectl job/${job.name}`,
    cwd: plan.places.cwd,
    commandArgs: [],
    commandNotes: [
      `Adapter: ${definition.type}`,
      `Namespace: ${plan.namespace}`,
      `Reattached from prior run: ${job.runId ?? 'unknown'}`,
    ],
    prompt: '',
  })
  ctx.onDispatch?.()
  await relay.line(
    'stdout',
    `[paperclip] Reattached to K8s Job ${job.name} of run ${job.runId ?? '(unknown)'}; its output follows from the first line`,
  )
  const sensitive = await secretsOf(plan, secretNameFor(handle.key), signal)
  const { tokenFile, tokens, warning } = await handOverToken(plan, ctx, job)
  if (warning !== null) await relay.line('stderr', `[paperclip] ${warning}`)
  return {
    handle,
    adoptedFromRun: job.runId,
    secrets: [...sensitive, ...tokens, ...(ctx.authToken ? [ctx.authToken] : [])],
    tokenFile,
    journalFile,
    promptBundleKey: null,
    mcpServerIdentity: null,
    previous: offeredSession(ctx.runtime),
  }
}

/** The token of the run that the agent began with dies with that run; from here on the new run's speaks for it. */
async function handOverToken(
  plan: RunPlan,
  ctx: AdapterExecutionContext,
  job: AgentJob,
): Promise<{ tokenFile: string | null; tokens: string[]; warning: string | null }> {
  const file = tokenFileOf(plan, job.runId)
  if (file === null) return { tokenFile: null, tokens: [], warning: null }
  try {
    const tokens = ctx.authToken
      ? await addToken(file, { token: ctx.authToken, runId: plan.run.runId })
      : await readTokens(file)
    if (tokens === null) return { tokenFile: null, tokens: [], warning: null }
    return { tokenFile: file, tokens: tokens.map(({ token }) => token), warning: null }
  } catch (error) {
    const warning = `The agent cannot be given the token of this run, and what it asks of Paperclip may be refused: ${messageOf(error)}`
    return { tokenFile: file, tokens: [], warning }
  }
}

/** What the adopted run must not show: the credentials that its Secret holds. Gone with the Secret, there is none to hide. */
async function secretsOf(plan: RunPlan, name: string, signal: AbortSignal): Promise<string[]> {
  try {
    const { data = {} } = await plan.cluster.client.get(kinds.Secret, { name, namespace: plan.namespace, signal })
    return Object.entries(data).flatMap(([key, value]) => {
      const text = Buffer.from(value, 'base64').toString('utf8')
      return !key.startsWith('AGENT_JOBS_') && isSensitive(key, text) ? [text] : []
    })
  } catch (error) {
    if (isNotFound(error)) return Object.values(plan.inheritance?.env.sensitive ?? {})
    throw error
  }
}

async function start<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
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
  { definition, ctx, plan, relay, signal, state }: ClaimInput<Schema, Summary>,
  proxy: PaperclipProxy | null,
): Promise<ClaimedRun> {
  const runner = plan.cluster.runner(plan.namespace)
  const prepared = await prepareStart(definition, plan, ctx, proxy)
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
  const journalFile = journalFileOf(plan, plan.run.runId)
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

/** Where this server sees a run's journal. */
function journalFileOf(plan: RunPlan, runId: string | null): string | null {
  const { journalPath } = plan.places
  if (journalPath === null || runId === null || !/^[A-Za-z0-9_-]+$/.test(runId)) return null
  return plan.volume.resolve(journalPath.replace(`${plan.run.runId}.aj1`, `${runId}.aj1`))
}

/** The journal fills gaps in the log. */
function journalSource(file: string | null): { journal?: JournalSource } {
  return file === null ? {} : { journal: fileJournal(file) }
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
