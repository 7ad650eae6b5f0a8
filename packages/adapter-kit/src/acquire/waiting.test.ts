import { randomUUID } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import { createAdapter, systemDependencies } from '../create-adapter.ts'
import { createClusterPool } from '../cluster/cluster-pool.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { scriptAgent } from '../../test/script-agent.ts'
import { startScriptCluster, type ScriptCluster } from '../../test/script-cluster.ts'

// Asks the server for its turn, and ends when it gets it.
const definition = scriptAgent(`
await fetch(process.env.GATE + process.env.PAPERCLIP_RUN_ID)
console.log('done')
`)

describe('five issues for one agent at once', () => {
  let cluster: ScriptCluster
  const atWork: { runId: string; end: () => void }[] = []
  let onWork = (): void => undefined
  const server = createServer((request, response: ServerResponse) => {
    atWork.push({ runId: (request.url ?? '').slice(1), end: () => void response.end('ok') })
    onWork()
  })
  const url = () => {
    const address = server.address()
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`
  }
  beforeAll(async () => {
    cluster = await startScriptCluster()
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await cluster.close()
  })

  async function nextAtWork() {
    while (atWork.length === 0) {
      await new Promise<void>((resolve) => {
        onWork = resolve
      })
    }
    const next = atWork.shift()
    if (next === undefined) throw new Error('no agent is at work')
    return next
  }

  it('run one after the other, in order, with the defaults; a waiting one can be cancelled', async () => {
    const pool = createClusterPool({ env: cluster.env })
    const deps = systemDependencies({ env: { ...process.env, ...cluster.env }, records: () => null, clusters: pool })
    const adapter = createAdapter(definition, deps)
    const agentId = randomUUID()
    const cancel = new AbortController()
    const runs = []
    for (let issue = 1; issue <= 5; issue += 1) {
      const said = Promise.withResolvers<void>()
      const { ctx, told } = paperclipContext({
        runId: randomUUID(),
        agentId,
        taskId: randomUUID(),
        config: cluster.config({ env: { GATE: url() }, paperclipProxy: false }),
        ...(issue === 3 ? { signal: cancel.signal } : {}),
        onLog: async (_stream, chunk) => {
          if (/Created K8s Job|Waiting for/.test(chunk)) said.resolve()
        },
      })
      runs.push({ runId: ctx.runId, told, result: adapter.execute(ctx) })
      await said.promise
    }
    const [first, second, third, fourth, fifth] = runs
    const working = await nextAtWork()
    expect(working.runId).toBe(first?.runId)
    expect(fifth?.told.progress.at(-1)).toMatch(
      new RegExp(
        `^Position 4 in the queue of this agent: waiting for run ${first?.runId} \\(Job \\S+ \\(since [\\d:]{8} UTC\\)$`,
      ),
    )
    cancel.abort(new Error('Cancelled by a board operator'))
    expect(await third?.result).toMatchObject({
      errorCode: 'cancelled',
      executionRecovery: { kind: 'bootstrap' },
      resultJson: { executionCancellation: { state: 'acknowledged' } },
    })
    const order: string[] = []
    working.end()
    for (const run of [second, fourth, fifth]) {
      const { runId, end } = await nextAtWork()
      order.push(runId)
      expect(run?.runId).toBe(runId)
      expect(atWork).toEqual([])
      end()
    }
    const results = await Promise.all([first, second, fourth, fifth].map((run) => run?.result))
    expect(results.map((result) => result?.exitCode)).toEqual([0, 0, 0, 0])
    expect(fifth?.told.progress.some((text) => text.includes('Position 1 '))).toBe(true)
    await pool.close()
  })
})
