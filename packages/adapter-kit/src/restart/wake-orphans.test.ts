import { createServer, type IncomingMessage } from 'node:http'
import { mkdtempSync, writeFileSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKubeClient, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { startMiniKube, type MiniKube } from '@agent-jobs/mini-kube'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '@agent-jobs/primitives'
import { createClusterPool } from '../cluster/cluster-pool.ts'
import { systemDependencies } from '../create-adapter.ts'
import { writeTokens } from '../paperclip-api/run-tokens.ts'
import { createLiveRecords, type LiveRecord } from './live-records.ts'
import { wakeOrphans } from './wake-orphans.ts'

interface Asked {
  path: string
  token: string | undefined
  body: unknown
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

describe('taking Jobs back after a restart', () => {
  let cluster: MiniKube
  let client: KubeClient
  let folder: string
  let kubeconfig: string
  let url: string
  let phases: string[]
  let answer: { status: number; body: unknown }
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    if (request.url === '/api/health') {
      const phase = phases.length > 1 ? phases.shift() : phases[0]
      response.end(JSON.stringify({ status: 'ok', startupRecovery: { phase } }))
      return
    }
    asked.push({ path: request.url ?? '', token: request.headers.authorization, body })
    response.writeHead(answer.status).end(JSON.stringify(answer.body))
  })
  // The waits of a restart take no time here.
  const clock: Clock = { now: () => Date.now(), wallTime: () => Date.now(), sleep: async () => undefined }

  beforeAll(async () => {
    cluster = await startMiniKube({ namespaces: ['agents'] })
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromString(cluster.kubeConfig())
    client = createKubeClient({ kubeConfig })
    folder = mkdtempSync(join(tmpdir(), 'kit-restart-'))
    kubeconfig = join(folder, 'kubeconfig')
    writeFileSync(kubeconfig, cluster.kubeConfig())
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
    const template = {
      spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'none:1', command: ['sleep', '60'] }] },
    }
    await client.create(
      kinds.Job,
      { metadata: { name: 'alive' }, spec: { suspend: true, template } },
      { namespace: 'agents' },
    )
    await client.create(
      kinds.Secret,
      { metadata: { name: 'lock' }, stringData: { PAPERCLIP_API_KEY: 'token-of-the-run' } },
      { namespace: 'agents' },
    )
  })
  afterAll(async () => {
    await client.close()
    await cluster.close()
    server.closeAllConnections()
    server.close()
  })
  beforeEach(() => {
    asked.length = 0
    phases = ['ready']
    answer = { status: 202, body: { id: 'run-2' } }
  })

  function world({
    kubeConfigTrust = 'paths',
    env = { PAPERCLIP_RUNTIME_API_URL: url },
  }: { kubeConfigTrust?: 'data' | 'paths'; env?: Record<string, string> } = {}) {
    const warnings: string[] = []
    const records = createLiveRecords(join(mkdtempSync(join(folder, 'r-')), 'live'))
    const deps = systemDependencies({
      env,
      clock,
      clusters: createClusterPool({ env, kubeConfigTrust }),
      onWarning: (message) => warnings.push(message),
    })
    const record = (change: Partial<LiveRecord> = {}): LiveRecord => ({
      version: 1,
      job: 'alive',
      namespace: 'agents',
      secret: 'lock',
      kubeconfig,
      agentId: 'agent-1',
      issueId: 'issue-1',
      runId: 'run-1',
      ...change,
    })
    return { records, deps, record, warnings, wake: () => wakeOrphans(deps, records, AbortSignal.timeout(10_000)) }
  }

  it('wakes over the loopback when the server cannot be reached at its own address', async () => {
    const unreachable = 'http://127.0.0.1:9'
    const { records, record, wake } = world({
      env: { PAPERCLIP_RUNTIME_API_URL: unreachable, PAPERCLIP_API_URL: unreachable, PORT: new URL(url).port },
    })
    await records.put(record())
    expect(await wake()).toEqual([{ job: 'alive', result: 'woken', detail: null }])
  })

  it("wakes the agent with its run's own token, when the server is ready", async () => {
    const { records, record, wake, warnings } = world()
    await records.put(record())
    phases = ['recovering', 'recovering', 'ready']
    expect(await wake()).toEqual([{ job: 'alive', result: 'woken', detail: null }])
    expect(asked).toEqual([
      {
        path: '/api/agents/agent-1/wakeup',
        token: 'Bearer token-of-the-run',
        body: expect.objectContaining({ reason: 'remote_job_reattach', payload: { issueId: 'issue-1' } }),
      },
    ])
    expect(warnings).toEqual([])
    expect(await records.list()).toHaveLength(1)
  })

  it('sends no request without Jobs', async () => {
    const { wake } = world()
    expect(await wake()).toEqual([])
    expect(asked).toEqual([])
  })

  it('forgets a Job that is gone', async () => {
    const { records, record, wake } = world()
    await records.put(record({ job: 'gone' }))
    expect(await wake()).toEqual([{ job: 'gone', result: 'gone', detail: null }])
    expect(await records.list()).toEqual([])
  })

  it.each([
    ['refused', { status: 403, body: {} }, 'failed', 'HTTP 403'],
    ['held', { status: 202, body: { status: 'skipped', reason: 'held' } }, 'skipped', 'held'],
  ])('says when the wake-up is %s, and keeps the record', async (_what, given, result, detail) => {
    const { records, record, wake, warnings } = world()
    await records.put(record())
    answer = given
    expect(await wake()).toEqual([{ job: 'alive', result, detail }])
    expect(warnings).toEqual([expect.stringContaining('A comment on its issue does it.')])
    expect(await records.list()).toHaveLength(1)
  })

  it('removes a Job whose result was reported, wakes no agent for it, and forgets it when it is gone', async () => {
    const { records, record, wake, warnings } = world()
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'none:1' }] } }
    const namespace = 'agents'
    await client.create(kinds.Job, { metadata: { name: 'told' }, spec: { suspend: true, template } }, { namespace })
    await records.put(record({ job: 'told', reported: true }))
    expect(await wake()).toEqual([{ job: 'told', result: 'removed', detail: null }])
    // The mark stays for as long as someone may still see the Job.
    expect(await records.list()).toHaveLength(1)
    const stop = new AbortController()
    const watch = { namespace, fieldSelector: 'metadata.name=told', signal: stop.signal }
    const seen: string[] = []
    for await (const event of client.listWatch(kinds.Job, watch)) {
      seen.push(event.type)
      if (event.type === 'deleted' || (event.type === 'synced' && !seen.includes('added'))) break
    }
    stop.abort()
    expect(await wake()).toEqual([{ job: 'told', result: 'gone', detail: null }])
    expect(await records.list()).toEqual([])
    expect(asked).toEqual([])
    expect(warnings).toEqual([])
  })

  it('does not remove a reported Job that is kept on purpose', async () => {
    const { records, record, wake } = world()
    await records.put(record({ reported: true, retained: true }))
    expect(await wake()).toEqual([{ job: 'alive', result: 'skipped', detail: null }])
    expect(await client.get(kinds.Job, { name: 'alive', namespace: 'agents' })).toBeDefined()
    expect(await records.list()).toHaveLength(1)
  })

  it("wakes by the newest of the tokens that the server kept, when the run's Secret has none", async () => {
    const { records, record, wake } = world()
    await client.create(
      kinds.Secret,
      { metadata: { name: 'bare' }, stringData: { OTHER: 'x' } },
      { namespace: 'agents' },
    )
    const tokenFile = { top: folder, path: 'tokens.json' }
    await writeTokens(tokenFile, [
      { token: 'newer', runId: 'run-2' },
      { token: 'older', runId: 'run-1' },
    ])
    await records.put(record({ secret: 'bare', tokenFile }))
    expect(await wake()).toEqual([{ job: 'alive', result: 'woken', detail: null }])
    expect(asked.map(({ token }) => token)).toEqual(['Bearer newer'])
  })

  it('continues with the others when one cannot be queried', async () => {
    const { records, record, wake, warnings } = world()
    await records.put(record({ job: 'a-broken', kubeconfig: '/nowhere' }))
    await records.put(record())
    expect((await wake()).map(({ job, result }) => [job, result])).toEqual([
      ['a-broken', 'failed'],
      ['alive', 'woken'],
    ])
    expect(warnings).toHaveLength(1)
  })

  it('reads no kubeconfig that a record names unless the operator allows paths', async () => {
    const { records, record, wake } = world({ kubeConfigTrust: 'data' })
    await records.put(record())
    const [found] = await wake()
    expect(found).toMatchObject({ result: 'failed', detail: expect.stringContaining('is not allowed') as string })
  })

  it('writes no secret down, and reads only what is whole', async () => {
    const where = join(mkdtempSync(join(folder, 'r-')), 'live')
    const records = createLiveRecords(where)
    await records.put(world().record())
    writeFileSync(join(where, 'junk.json'), '{')
    writeFileSync(join(where, 'other.json'), '{"version":2}')
    expect(await records.list()).toHaveLength(1)
    expect(
      readdirSync(where)
        .map((name) => readFileSync(join(where, name), 'utf8'))
        .join(''),
    ).not.toContain('token-of-the-run')
  })
})
