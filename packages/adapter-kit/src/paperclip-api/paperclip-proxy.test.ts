import { randomBytes, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createClusterPool } from '../cluster/cluster-pool.ts'
import { createAdapter, systemDependencies } from '../create-adapter.ts'
import { freshState } from '../restart/process-state.ts'
import { paperclipContext, type Told } from '../../test/paperclip-context.ts'
import { scriptAgent } from '../../test/script-agent.ts'
import { startScriptCluster, type ScriptCluster } from '../../test/script-cluster.ts'
import { canWriteForPods } from '../volume/pod-user.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'

// An agent that asks Paperclip twice: for something that takes as long as the test likes, and to close its issue.
const agent = `
const { PAPERCLIP_API_URL: url, PAPERCLIP_API_KEY: key, PAPERCLIP_RUN_ID: run } = process.env
const headers = { authorization: 'Bearer ' + key, 'x-paperclip-run-id': run, 'content-type': 'application/json' }
console.log(JSON.stringify({ url, isToken: /token/.test(key), isLong: key.length > 20 }))
const held = await fetch(url + '/api/hold', { headers })
const closed = await fetch(url + '/api/issues/1', { method: 'PATCH', headers, body: '{"status":"done"}' })
console.log(JSON.stringify({ held: held.status, closed: closed.status, env: JSON.stringify(process.env).includes('run-token') }))
`

const definition = scriptAgent(agent)

interface Call {
  path: string
  token: string | undefined
  runId: string | string[] | undefined
  status: number
}

describe.skipIf(!canWriteForPods())("Paperclip's API on the pod's loopback (needs uid 0 or 1000)", () => {
  let cluster: ScriptCluster
  let client: KubeClient
  let root: string
  let volume: string
  let deps: AdapterDependencies
  let url: string
  let refused: Map<string, number>
  let calls: Call[]
  let hold: { asked: PromiseWithResolvers<void>; release: PromiseWithResolvers<void> }
  const server = createServer((request, response) => {
    const token = request.headers.authorization?.replace('Bearer ', '')
    const status = token?.startsWith('run-token-') ? (refused.get(token) ?? 200) : 401
    const path = request.url ?? ''
    // The launcher looks once, without a token, whether the server can be reached.
    if (path !== '/') calls.push({ path, token, runId: request.headers['x-paperclip-run-id'], status })
    const answer = () => response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    request.resume()
    if (path !== '/api/hold') {
      answer()
      return
    }
    hold.asked.resolve()
    void hold.release.promise.then(answer)
  })

  beforeAll(async () => {
    cluster = await startScriptCluster()
    ;({ client, root, volume } = cluster)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
    const { env } = cluster
    deps = systemDependencies({ env, clusters: createClusterPool({ env }) })
  })
  afterAll(async () => {
    await deps.clusters.close()
    await cluster.close()
    server.closeAllConnections()
    server.close()
  })
  beforeEach(() => {
    calls = []
    refused = new Map()
    hold = { asked: Promise.withResolvers(), release: Promise.withResolvers() }
  })

  const config = (extra: Record<string, unknown> = {}) => cluster.config({ paperclipApiUrl: url, ...extra })
  const life = (): AdapterDependencies => ({ ...deps, state: freshState() })
  const text = (told: Told) => told.log.map(({ chunk }) => chunk).join('')
  const tokenFiles = () =>
    readdirSync(volume, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.parentPath.endsWith('/tokens'))
      .map((entry) => join(entry.parentPath, entry.name))
  const records = () =>
    readdirSync(join(root, 'home'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('')
  const objects = async (): Promise<string> => {
    const where = { namespace: 'agents' }
    const [jobs, pods, secrets] = await Promise.all([
      client.list(kinds.Job, where),
      client.list(kinds.Pod, where),
      client.list(kinds.Secret, where),
    ])
    const plain = secrets.items.map((each) => JSON.stringify(each).replaceAll(/"[A-Za-z0-9+/=]{8,}"/g, decoded))
    return JSON.stringify([jobs.items, pods.items]) + plain.join('')
  }
  const decoded = (value: string) => Buffer.from(value.slice(1, -1), 'base64').toString('utf8')

  it('works for the agent, which never holds the token, and leaves no file of it behind', async () => {
    const { ctx, told } = paperclipContext({ runId: randomUUID(), agentId: randomUUID(), config: config() })
    const running = createAdapter(definition, life()).execute(ctx)
    await hold.asked.promise
    const [file = '', ...others] = tokenFiles()
    expect(others).toEqual([])
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await objects()).not.toContain('run-token-')
    expect(records()).toContain(ctx.runId)
    expect(records()).not.toContain('run-token-')
    hold.release.resolve()
    const result = await running
    expect(result, text(told)).toMatchObject({ exitCode: 0 })
    expect(result.summary).toMatch(/^\{"url":"http:\/\/127\.0\.0\.1:\d+","isToken":false,"isLong":true\}/)
    expect(result.summary).not.toContain(url)
    expect(result.summary).toContain('{"held":200,"closed":200,"env":false}')
    expect(calls).toEqual(
      ['/api/hold', '/api/issues/1'].map((path) => ({ path, token: ctx.authToken, runId: ctx.runId, status: 200 })),
    )
    expect(tokenFiles()).toEqual([])
    expect(JSON.stringify([told, result])).not.toContain('run-token-')
  })

  it.each([401, 409, 422])(
    'speaks for the run that adopted the Job when the first token is answered with %i',
    async (dead) => {
      const agentId = randomUUID()
      const lost = new AbortController()
      const first = paperclipContext({ runId: randomUUID(), agentId, config: config(), signal: lost.signal })
      const orphaned = createAdapter(definition, life()).execute(first.ctx)
      await hold.asked.promise
      lost.abort(new Error('Legacy controller lease lost'))
      expect(await orphaned).toMatchObject({ errorCode: 'k8s_run_detached' })
      const kept = tokenFiles()
      expect(kept).toHaveLength(1)
      const second = paperclipContext({
        runId: randomUUID(),
        agentId,
        config: config(),
        authToken: 'run-token-of-the-second',
        onLog: async (_stream, chunk) => {
          if (!chunk.includes('"isLong"')) return
          refused.set('run-token-0123456789', dead)
          hold.release.resolve()
        },
      })
      const result = await createAdapter(definition, life()).execute(second.ctx)
      expect(result, text(second.told)).toMatchObject({
        exitCode: 0,
        resultJson: { agentJob: { adoptedFromRun: first.ctx.runId } },
      })
      expect(result.summary).toContain('"closed":200')
      expect(calls.at(-1)).toEqual({
        path: '/api/issues/1',
        token: 'run-token-of-the-second',
        runId: second.ctx.runId,
        status: 200,
      })
      expect(tokenFiles()).toEqual([])
      expect(JSON.stringify([first.told, second.told, result])).not.toContain('run-token-')
    },
  )

  it('falls back to the first token while that one still owns the issue', async () => {
    const agentId = randomUUID()
    const lost = new AbortController()
    const first = paperclipContext({ runId: randomUUID(), agentId, config: config(), signal: lost.signal })
    const orphaned = createAdapter(definition, life()).execute(first.ctx)
    await hold.asked.promise
    lost.abort(new Error('Legacy controller lease lost'))
    await orphaned
    refused.set('run-token-of-the-second', 409)
    const second = paperclipContext({
      runId: randomUUID(),
      agentId,
      config: config(),
      authToken: 'run-token-of-the-second',
      onLog: async (_stream, chunk) => {
        if (chunk.includes('"isLong"')) hold.release.resolve()
      },
    })
    const result = await createAdapter(definition, life()).execute(second.ctx)
    expect(result.summary, text(second.told)).toContain('"closed":200')
    expect(calls.slice(-2).map(({ token, status }) => [token, status])).toEqual([
      ['run-token-of-the-second', 409],
      ['run-token-0123456789', 200],
    ])
  })

  it('can be switched off: then the agent gets address and token themselves', async () => {
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      agentId: randomUUID(),
      config: config({ paperclipProxy: 'false' }),
    })
    hold.release.resolve()
    const result = await createAdapter(definition, life()).execute(ctx)
    expect(result.summary, text(told)).toContain(`{"url":"${url}","isToken":true`)
    expect(result.summary).toContain('"closed":200,"env":true')
    expect(tokenFiles()).toEqual([])
  })

  it('leaves no token behind when the run could not even be started', async () => {
    const { ctx } = paperclipContext({
      runId: randomUUID(),
      agentId: randomUUID(),
      config: config({ promptTemplate: randomBytes(1_000_000).toString('hex') }),
    })
    const result = await createAdapter(definition, life()).execute(ctx)
    expect(result.errorCode).toBe('k8s_job_create_failed')
    expect(tokenFiles()).toEqual([])
  })
})
