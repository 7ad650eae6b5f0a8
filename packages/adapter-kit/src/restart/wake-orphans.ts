import { errorMessage } from '@agent-jobs/primitives'
import { isNotFound, kinds } from '@agent-jobs/kube-api'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { reattachReason } from '../acquire/decide-acquisition.ts'
import { readTokens } from '../paperclip-api/run-tokens.ts'
import { isRecord } from '../settings/loose-text.ts'
import type { LiveRecord, LiveRecords } from './live-records.ts'

/** The outcome for one Job left by a previous server process. */
export interface OrphanWake {
  job: string
  /** `removed`: its result was reported, so there is nothing to reattach to; what was left of it is removed. */
  result: 'woken' | 'skipped' | 'gone' | 'removed' | 'failed'
  detail: string | null
}

const patienceMs = 10 * 60_000
const stepMs = 500

/**
 * Where this server may answer itself. Paperclip derives its own address from the first host name that it accepts, which
 * need not be reachable from its pod, or not at that port: the loopback is tried as well.
 */
function serverUrls(env: AdapterDependencies['env']): string[] {
  const named = [env['PAPERCLIP_RUNTIME_API_URL'], env['PAPERCLIP_API_URL']].flatMap((url) => url?.trim() || [])
  const loopback = `http://127.0.0.1:${env['PAPERCLIP_LISTEN_PORT'] ?? env['PORT'] ?? '3100'}`
  return [...new Set([...named.map((url) => url.replace(/\/+$/, '')), loopback])]
}

/** Whether a server answers at an address and has finished its own recovery. */
async function isReady(deps: AdapterDependencies, url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await deps.fetch(`${url}/api/health`, { signal })
    const health: unknown = await response.json()
    const recovery = isRecord(health) ? health['startupRecovery'] : undefined
    return response.ok && (!isRecord(recovery) || recovery['phase'] === 'ready')
  } catch (error) {
    // The server is not listening yet, or not there.
    signal.throwIfAborted()
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error
    return false
  }
}

/**
 * Waits until the server reports that its own recovery has finished; waking an agent earlier would race with it. Returns the
 * address at which it answers, or null after a while.
 */
async function serverReady(deps: AdapterDependencies, signal: AbortSignal): Promise<string | null> {
  const until = deps.clock.now() + patienceMs
  while (deps.clock.now() < until) {
    for (const url of serverUrls(deps.env)) if (await isReady(deps, url, signal)) return url
    await deps.clock.sleep(stepMs, signal)
  }
  return null
}

/** Finishes what the previous server process left undone. */
async function removeReported(
  deps: AdapterDependencies,
  { job: name, namespace, kubeconfig, retained }: LiveRecord,
  signal: AbortSignal,
): Promise<OrphanWake> {
  const { client } = deps.clusters.get(kubeconfig ?? undefined)
  try {
    if (retained === true) {
      await client.get(kinds.Job, { name, namespace, signal })
      return { job: name, result: 'skipped', detail: null }
    }
    await client.delete(kinds.Job, { name, namespace, propagationPolicy: 'Foreground', signal })
    return { job: name, result: 'removed', detail: null }
  } catch (error) {
    if (isNotFound(error)) return { job: name, result: 'gone', detail: null }
    throw error
  }
}

async function runToken(deps: AdapterDependencies, record: LiveRecord, signal: AbortSignal): Promise<string | null> {
  const { client } = deps.clusters.get(record.kubeconfig ?? undefined)
  const { namespace } = record
  try {
    await client.get(kinds.Job, { name: record.job, namespace, signal })
    const secret = await client.get(kinds.Secret, { name: record.secret, namespace, signal })
    const data = secret.data?.['PAPERCLIP_API_KEY']
    if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8')
    // The agent of a run behind the launcher's proxy does not have it; the server kept it.
    const kept = record.tokenFile === undefined ? null : await readTokens(record.tokenFile)
    return kept?.[0]?.token ?? null
  } catch (error) {
    if (isNotFound(error)) return null
    throw error
  }
}

async function wake(
  deps: AdapterDependencies,
  server: string,
  record: LiveRecord,
  signal: AbortSignal,
): Promise<OrphanWake> {
  const { job, agentId, issueId, runId } = record
  const token = await runToken(deps, record, signal)
  if (token === null) return { job, result: 'gone', detail: null }
  // A run's token may wake its own agent, also when the run is lost.
  const response = await deps.fetch(`${server}/api/agents/${encodeURIComponent(agentId)}/wakeup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      source: 'automation',
      triggerDetail: 'callback',
      reason: reattachReason,
      ...(issueId === null ? {} : { payload: { issueId } }),
      idempotencyKey: `reattach:${job}:${runId}:${deps.clock.wallTime()}`,
    }),
    signal,
  })
  const answer: unknown = await response.json().catch(() => null)
  if (!response.ok) return { job, result: 'failed', detail: `HTTP ${response.status}` }
  const skipped = isRecord(answer) && answer['status'] === 'skipped'
  return {
    job,
    result: skipped ? 'skipped' : 'woken',
    detail: skipped && isRecord(answer) ? String(answer['reason']) : null,
  }
}

/**
 * After a restart, Paperclip never retries a lost run of an external adapter. Each Job that still exists holds its
 * run's token, which is used to wake the agent: the new run of the same task adopts the Job.
 */
export async function wakeOrphans(
  deps: AdapterDependencies,
  records: LiveRecords,
  signal: AbortSignal,
): Promise<OrphanWake[]> {
  const all = await records.list()
  const removed: OrphanWake[] = []
  for (const record of all.filter(({ reported }) => reported === true)) {
    try {
      const done = await removeReported(deps, record, signal)
      if (done.result === 'gone') await records.remove(record.job)
      removed.push(done)
    } catch (error) {
      signal.throwIfAborted()
      deps.onWarning(`Job ${record.job}, whose result was reported, is not removed yet: ${errorMessage(error)}`, {
        code: 'job_not_removed',
        job: record.job,
      })
      removed.push({ job: record.job, result: 'failed', detail: errorMessage(error) })
    }
  }
  const left = all.filter(({ reported }) => reported !== true)
  if (left.length === 0) return removed
  const server = await serverReady(deps, signal)
  if (server === null) {
    deps.onWarning(
      `Paperclip did not become ready, so ${left.length} Job(s) of an earlier life were not taken back. A comment on their issues does it.`,
    )
    return removed
  }
  const woken = removed
  for (const record of left) {
    try {
      const result = await wake(deps, server, record, signal)
      if (result.result === 'gone') await records.remove(record.job)
      if (result.result === 'failed' || result.result === 'skipped') {
        deps.onWarning(`Job ${record.job} was not taken back (${result.detail}). A comment on its issue does it.`, {
          code: 'job_not_taken_back',
          job: record.job,
        })
      }
      woken.push(result)
    } catch (error) {
      signal.throwIfAborted()
      deps.onWarning(`Job ${record.job} was not taken back: ${errorMessage(error)}`, {
        code: 'job_not_taken_back',
        job: record.job,
      })
      woken.push({ job: record.job, result: 'failed', detail: errorMessage(error) })
    }
  }
  return woken
}
