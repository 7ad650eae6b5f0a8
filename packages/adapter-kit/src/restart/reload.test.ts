import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '@agent-jobs/kube-api'
import type { AdapterExecutionResult, ServerAdapterModule } from '@paperclipai/adapter-utils'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { paperclipContext, type Told } from '../../test/paperclip-context.ts'
import { scriptAgent } from '../../test/script-agent.ts'
import { startScriptCluster, type ScriptCluster } from '../../test/script-cluster.ts'

// Says that it began, and ends when the server lets it.
const definition = scriptAgent(`
console.log('begun')
await fetch(process.env.GATE)
console.log('ended')
`)

describe('a reload of the package while runs are under way', () => {
  let cluster: ScriptCluster
  let gate: PromiseWithResolvers<void>
  let asked: string[]
  const warnings: Error[] = []
  const onWarning = (warning: Error) => void warnings.push(warning)
  // The server itself: its agents wait at its gate, and it would be asked to wake them.
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (request.url === '/gate') void gate.promise.then(() => response.end('{}'))
    else response.end('{}')
  })
  const url = () => {
    const address = server.address()
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  }

  beforeAll(async () => {
    cluster = await startScriptCluster()
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
    for (const [name, value] of Object.entries({ ...cluster.env, PAPERCLIP_RUNTIME_API_URL: url() })) {
      vi.stubEnv(name, value)
    }
    process.on('warning', onWarning)
  })
  afterEach(() => gate.resolve())
  afterAll(async () => {
    process.off('warning', onWarning)
    vi.unstubAllEnvs()
    await cluster.close()
    server.closeAllConnections()
    server.close()
  })

  /** Reloads all code of the kit, as Paperclip re-imports a package's single file. */
  async function load(): Promise<ServerAdapterModule> {
    vi.resetModules()
    const { serverAdapter } = await import('../create-adapter.ts')
    return serverAdapter(definition)
  }
  const text = (told: Told) => told.log.map(({ chunk }) => chunk).join('')
  const jobs = async () => (await cluster.client.list(kinds.Job, { namespace: cluster.namespace })).items
  const records = () =>
    readdirSync(join(cluster.root, 'home', 'instances', 'default', 'data', 'agent-jobs-live', 'caller_k8s'))

  /** One task of one agent; Paperclip asks `by` to run it. */
  function task() {
    const agentId = randomUUID()
    gate = Promise.withResolvers()
    asked = []
    return (by: ServerAdapterModule, more: { waitForConcurrent?: boolean; signal?: AbortSignal } = {}) => {
      const { waitForConcurrent = false, signal } = more
      const heard = Promise.withResolvers<void>()
      const config = cluster.config({ env: { GATE: `${url()}/gate` }, paperclipProxy: false, waitForConcurrent })
      const { ctx, told } = paperclipContext({
        runId: randomUUID(),
        agentId,
        config,
        ...(signal ? { signal } : {}),
        onLog: async (_stream, chunk) => {
          if (/^begun|Waiting for concurrent/.test(chunk)) heard.resolve()
        },
      })
      const result: Promise<AdapterExecutionResult> = by.execute(ctx)
      return { result, told, runId: ctx.runId, heard: Promise.race([heard.promise, result]) }
    }
  }

  it('wakes no agents, warns of nothing, and leaves a followed Job to the code that follows it', async () => {
    const run = task()
    const old = await load()
    const first = run(old)
    await first.heard
    const reloaded = await load()
    const second = run(reloaded)
    expect(await second.result).toMatchObject({ errorCode: 'k8s_concurrent_run_blocked' })
    expect(text(second.told)).not.toContain('Reattached')
    gate.resolve()
    expect(await first.result, text(first.told)).toMatchObject({ exitCode: 0, summary: 'begun\nended\n' })
    expect(asked).toEqual(['/gate'])
    expect(warnings).toEqual([])
  })

  it('lets the new code wait for what the old one follows', async () => {
    const run = task()
    const first = run(await load())
    await first.heard
    const second = run(await load(), { waitForConcurrent: true })
    await second.heard
    gate.resolve()
    expect(await first.result, text(first.told)).toMatchObject({ exitCode: 0 })
    const result = await second.result
    expect(result, text(second.told)).toMatchObject({ exitCode: 0, resultJson: { agentJob: { adoptedFromRun: null } } })
    expect(result.summary).toBe('begun\nended\n')
    expect(text(second.told)).toContain('Waiting for concurrent Job(s)')
  })

  it('lets the new code adopt a Job that the old one released, by only one of two competing runs', async () => {
    const run = task()
    const lost = new AbortController()
    const first = run(await load(), { signal: lost.signal })
    await first.heard
    lost.abort(new Error('Legacy controller lease lost'))
    expect(await first.result).toMatchObject({ errorCode: 'k8s_run_detached' })
    const rivals = [run(await load()), run(await load())]
    await Promise.race(rivals.map(({ result }) => result))
    gate.resolve()
    const results = await Promise.all(rivals.map(({ result }) => result))
    const logs = rivals.map(({ told }) => text(told)).join('\n')
    expect(results.map(({ errorCode }) => errorCode ?? null).sort(), logs).toEqual(['k8s_concurrent_run_blocked', null])
    expect(results.find(({ exitCode }) => exitCode === 0)).toMatchObject({
      summary: 'begun\nended\n',
      resultJson: { agentJob: { adoptedFromRun: first.runId } },
    })
  })

  it('lets the new code start right after a run of the old one', async () => {
    const run = task()
    gate.resolve()
    const old = await load()
    const reloaded = await load()
    for (const by of [old, reloaded, reloaded, old]) {
      const { result, told } = run(by)
      expect(await result, text(told)).toMatchObject({
        exitCode: 0,
        resultJson: { agentJob: { adoptedFromRun: null } },
      })
    }
  })

  it('leaves neither Jobs nor records behind', async () => {
    await vi.waitFor(async () => expect([await jobs(), records()]).toEqual([[], []]), { timeout: 20_000 })
  })
})
