import { kinds } from '@agent-jobs/kube-api'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import { agentJob, type AgentJob } from './candidates.ts'
import type { ClaimInput } from './acquire-job.ts'
import type { ClaimDecision } from './decide-acquisition.ts'

// A Job that is being deleted goes within its grace; nobody should be refused because of it.
const leavingMs = 120_000
const unlimitedWaitMs = 3_600_000

/** Waits, within bounds, until the Jobs that are in the way are gone. */
export async function waitForJobs<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
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
