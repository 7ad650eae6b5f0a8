import { RunError, secretNameFor, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { isNotFound, kinds } from '@agent-jobs/kube-api'
import { errorMessage } from '@agent-jobs/primitives'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import type { VolumePlace } from '../volume/held-folder.ts'
import type { AgentJob } from './candidates.ts'
import type { AcquireInput } from './acquire-input.ts'
import type { Acquisition } from './acquired-job.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import { isCredential } from '../pod/env-policy.ts'
import { runFile } from '../volume/run-file.ts'
import { journalSource } from '../follow/run-journal.ts'
import { readTraceRecord } from '@agent-jobs/tracing'
import { addToken, readTokens } from '../paperclip-api/run-tokens.ts'

/** Takes over a Job that an earlier run left; null when there is nothing left to take over. */
export async function adoptJob<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  { definition, deps, plan, ctx, host, say, signal }: AcquireInput<Schema, Summary>,
  job: AgentJob,
): Promise<Acquisition | null> {
  const runner = plan.cluster.runner(plan.namespace)
  const journalFile = runFile(plan, plan.places.journalPath, job.runId)
  const calledAt = deps.clock.wallTime()
  let handle: RunHandle
  try {
    handle = await runner.attach({ job: job.name, uid: job.uid }, { signal, ...journalSource(journalFile) })
  } catch (error) {
    // It ended and was removed after it was listed: nothing is left to adopt.
    if (RunError.isInstance(error) && error.code === 'job_not_found') return null
    throw error
  }
  host.meta({
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
  host.dispatch()
  await say(
    'stdout',
    `[paperclip] Reattached to K8s Job ${job.name} of run ${job.runId ?? '(unknown)'}; its output follows from the first line`,
  )
  try {
    const sensitive = await secretsOf(plan, secretNameFor(handle.key), signal)
    const { tokenFile, tokens, warning } = await handOverToken(plan, ctx, job)
    if (warning !== null) await say('stderr', `[paperclip] ${warning}`)
    return {
      kind: 'acquired',
      job: {
        handle,
        calledAt,
        adopted: {
          runId: job.runId,
          trace: job.runId === null ? null : readTraceRecord(job.runId, job.traceRecord),
        },
        secrets: [...plan.secrets, ...sensitive, ...tokens, ...(ctx.authToken ? [ctx.authToken] : [])],
        tokenFile,
        journalFile,
        promptBundleKey: null,
        mcpServerIdentity: null,
        previous: plan.offeredSession,
      },
    }
  } catch (error) {
    // Its credentials are unknown and cannot be redacted, so the run must not show its output. The Job goes on.
    await handle.detach()
    return { kind: 'refused', error, mayHaveBegun: true }
  }
}

/** The token of the run that started the agent expires with that run; from here on the new run's token is used. */
async function handOverToken(
  plan: RunPlan,
  ctx: AdapterExecutionContext,
  job: AgentJob,
): Promise<{ tokenFile: VolumePlace | null; tokens: string[]; warning: string | null }> {
  const file = runFile(plan, plan.places.tokenPath, job.runId)
  if (file === null) return { tokenFile: null, tokens: [], warning: null }
  try {
    const tokens = ctx.authToken
      ? await addToken(file, {
          token: ctx.authToken,
          runId: plan.run.runId,
          github: plan.githubCapability ?? undefined,
        })
      : await readTokens(file)
    if (tokens === null) return { tokenFile: null, tokens: [], warning: null }
    return { tokenFile: file, tokens: tokens.flatMap(({ token, github = '' }) => [token, github]), warning: null }
  } catch (error) {
    const warning = `The agent cannot be given the token of this run, and what it asks of Paperclip may be refused: ${errorMessage(error)}`
    return { tokenFile: file, tokens: [], warning }
  }
}

/** Values that the adopted run must not show: the credentials in its Secret. Without the Secret there are none. */
async function secretsOf(plan: RunPlan, name: string, signal: AbortSignal): Promise<string[]> {
  try {
    const { data = {} } = await plan.cluster.client.get(kinds.Secret, { name, namespace: plan.namespace, signal })
    return Object.entries(data).flatMap(([key, value]) => {
      const text = Buffer.from(value, 'base64').toString('utf8')
      return !key.startsWith('AGENT_JOBS_') && isCredential(key, text) ? [text] : []
    })
  } catch (error) {
    if (isNotFound(error)) return []
    throw error
  }
}
