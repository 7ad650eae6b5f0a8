import { mkdtemp, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ObservedEnd } from '@agent-jobs/metrics'
import { afterEach, describe, expect, it } from 'vitest'
import { processObserver, silentObserver } from './process-observer.ts'

const run = { adapter: 'claude_k8s', agentId: 'a', companyId: 'c' }
const end: ObservedEnd = {
  id: 'job',
  outcome: 'succeeded',
  errorCode: null,
  model: 'm',
  usage: { inputTokens: 1, outputTokens: 2, cacheReadInputTokens: 3, cacheCreationInputTokens: 4 },
  costUsd: 0.5,
  adopted: false,
  outputComplete: true,
  phases: {},
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const server = createServer().listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  const closed = Promise.withResolvers<void>()
  server.close(() => closed.resolve())
  await closed.promise
  return typeof address === 'object' && address !== null ? address.port : 0
}

describe('the metrics of a server process', () => {
  const warnings: string[] = []
  const onWarning = (message: string) => void warnings.push(message)
  afterEach(() => {
    Reflect.deleteProperty(globalThis, Symbol.for('agent-jobs.metrics.2'))
    warnings.length = 0
  })

  it('are off unless the operator names a port', () => {
    expect(processObserver({ env: {}, onWarning })).toBe(silentObserver)
    expect(warnings).toEqual([])
  })

  it.each(['metrics', '0', '70000', '9464.5'])('warn of the port %s and stay off', (port) => {
    expect(processObserver({ env: { AGENT_JOBS_METRICS_PORT: port }, onWarning })).toBe(silentObserver)
    expect(warnings).toEqual([expect.stringContaining('AGENT_JOBS_METRICS_PORT')])
  })

  it('are shared by every adapter of the process, served, and kept on the data volume', async () => {
    const home = await mkdtemp(join(tmpdir(), 'observer-'))
    const port = await freePort()
    const env = { AGENT_JOBS_METRICS_PORT: String(port), PAPERCLIP_HOME: home }
    const observer = processObserver({ env, onWarning })
    expect(processObserver({ env, onWarning })).toBe(observer)
    await observer.begin(run).ended(end)
    const text = await fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text())
    expect(text).toContain('agent_jobs_cost_usd_total{adapter="claude_k8s",company="c",agent="a",model="m"} 0.5')
    const kept = await readFile(join(home, 'instances/default/data/agent-jobs-metrics/totals.json'), 'utf8')
    expect(JSON.parse(kept)).toMatchObject({ jobs: ['job'] })
    expect(warnings).toEqual([])
  })

  it('warn once and fail no run when the port is taken', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const taken = createServer().listen(0, '0.0.0.0', resolve)
    await promise
    const address = taken.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const env = { AGENT_JOBS_METRICS_PORT: String(port), PAPERCLIP_HOME: await mkdtemp(join(tmpdir(), 'observer-')) }
    const observer = processObserver({ env, onWarning })
    await observer.begin(run).ended(end)
    await observer.begin(run).ended(end)
    expect(warnings).toEqual([expect.stringContaining('EADDRINUSE')])
    taken.close()
  })
})
