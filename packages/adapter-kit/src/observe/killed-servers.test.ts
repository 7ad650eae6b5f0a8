import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { countThroughKills, sumsInText } from '../../test/metrics/count-through-kills.ts'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('the metrics of a server that is killed', () => {
  // `pnpm soak metrics` does this with 200 runs, 20 kills and a Prometheus.
  it('contain each returned result, and no run twice', { timeout: 120_000 }, async () => {
    const port = await freePort()
    const { results, spent, measured, kills, failed } = await countThroughKills({
      tasks: 8,
      kills: 2,
      atOnce: 4,
      port,
      measure: async () => sumsInText(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
    })
    expect({ kills, failed }).toEqual({ kills: 2, failed: [] })
    expect(results.runs).toBe(8)
    // There is more in the metrics only where a kill lost the result of a counted run.
    for (const key of ['runs', 'inputTokens', 'outputTokens', 'nanoUsd'] as const) {
      expect(measured[key], key).toBeGreaterThanOrEqual(results[key])
      expect(measured[key], key).toBeLessThanOrEqual(spent[key])
    }
  })
})
