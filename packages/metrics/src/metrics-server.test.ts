import { Counter, Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { startMetricsServer } from './metrics-server.ts'

const registry = new Registry()
new Counter({ name: 'seen_total', help: 'Seen.', registers: [registry] }).inc(3)
const start = () => startMetricsServer({ registry, port: 0, host: '127.0.0.1' })

describe('the metrics server', () => {
  it('serves the metrics of its registry', async () => {
    await using server = await start()
    const response = await fetch(server.url)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, registry.contentType])
    expect(await response.text()).toContain('seen_total 3')
  })

  it('answers other paths with 404 and other methods with 405', async () => {
    await using server = await start()
    expect((await fetch(server.url.replace('/metrics', '/'))).status).toBe(404)
    expect((await fetch(server.url, { method: 'POST', body: 'x' })).status).toBe(405)
  })

  it('reports why metrics could not be collected', async () => {
    const broken = new Registry()
    broken.registerMetric(
      new Counter({
        name: 'broken_total',
        help: 'Broken.',
        registers: [],
        collect() {
          throw new Error('out of order')
        },
      }),
    )
    await using server = await startMetricsServer({ registry: broken, port: 0, host: '127.0.0.1' })
    const response = await fetch(server.url)
    expect([response.status, await response.text()]).toEqual([500, expect.stringContaining('out of order')])
  })

  it('rejects when its port is taken, and frees it when it is disposed', async () => {
    const first = await start()
    const port = Number(new URL(first.url).port)
    const again = () => startMetricsServer({ registry, port, host: '127.0.0.1' })
    await expect(again()).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await fetch(first.url).then((response) => response.text())
    await first[Symbol.asyncDispose]()
    await using second = await again()
    expect(new URL(second.url).port).toBe(String(port))
  })
})
