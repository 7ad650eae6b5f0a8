import { expect, it } from 'vitest'
import { startMiniKube } from './mini-kube.ts'
import { testClient } from '../test/test-client.ts'

const jobs = '/apis/batch/v1/namespaces/default/jobs'

it('carries 1,000 pods at a time through their lives, and keeps nothing of those that are gone', async () => {
  const gate = Promise.withResolvers<void>()
  let running = 0
  const kube = await startMiniKube({
    images: {
      fn: {
        run: async ({ stdout, env }) => {
          running += 1
          if (running === 1_000) gate.resolve()
          await gate.promise
          stdout(`${env['HOSTNAME']}\n`)
        },
      },
    },
  })
  const client = testClient(kube)
  const done = new Set<string>()
  const watching = (async () => {
    for await (const { object } of client.watch(`${jobs}?watch=true`)) {
      if (object.status?.['succeeded'] === 1) done.add(object.metadata.name)
      if (done.size === 1_000) return
    }
  })()
  const create = (index: number) =>
    client.send('POST', jobs, {
      metadata: { name: `load-${index}` },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            containers: [{ name: 'a', image: 'fn' }],
          },
        },
      },
    })
  for (let start = 0; start < 1_000; start += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => create(start + index)))
  }
  await watching
  expect(running).toBe(1_000)
  const gone = client.until('/api/v1/namespaces/default/pods', (_, type) => type === 'DELETED')
  await client.send('DELETE', jobs, { propagationPolicy: 'Foreground' })
  await gone
  await kube.close()
}, 120_000)
