import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiServerCommand, startAuditedApiServer, type AuditedApiServer } from '../test/support/audited-api-server.ts'
import { connect, kubeConfigPath, removeJobs, request, sh, unlessThere } from '../test/support/real-cluster.ts'
import { collect, firstLine, rest } from '../test/support/world.ts'
import { createJobRunner } from './index.ts'

const namespace = 'requests-e2e'
const command = apiServerCommand(kubeConfigPath)
const seconds = 20

describe.skipIf(command === undefined)(
  'what a runner asks, by the audit log of a real API server (needs KUBECONFIG with the cluster’s commands beside it)',
  () => {
    let api: AuditedApiServer
    beforeAll(async () => {
      const client = connect()
      await unlessThere(client.create(kinds.Namespace, { metadata: { name: namespace } }))
      await client.close()
      api = await startAuditedApiServer(kubeConfigPath, command ?? '')
    })
    afterAll(async () => {
      const client = connect()
      await removeJobs(client, namespace)
      await client.close()
      await api[Symbol.asyncDispose]()
    })

    it('is six requests for a run from start to end, and a few for its log', async () => {
      const userAgent = `requests-e2e-${randomUUID()}`
      const client = connect(undefined, { server: api.server, userAgent })
      const run = await createJobRunner({ client, namespace }).start(request({ command: sh('echo one; sleep 1') }))
      await collect(run.events)
      expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
      await run.settled
      await client.close()
      const plain = (await api.requestsOf(userAgent)).map((line) => line.replace(/\/run-[^/]+/, '/NAME'))
      const log = `get /api/v1/namespaces/${namespace}/pods/NAME/log`
      // The output, at least three requests to prove its end, and one look at the newest line.
      expect(plain.filter((line) => line === log).length).toBeLessThanOrEqual(12)
      expect(plain.filter((line) => line !== log).toSorted()).toEqual([
        `create /api/v1/namespaces/${namespace}/secrets`,
        `create /apis/batch/v1/namespaces/${namespace}/jobs`,
        `delete /apis/batch/v1/namespaces/${namespace}/jobs/NAME`,
        `patch /api/v1/namespaces/${namespace}/secrets/NAME`,
        `watch /api/v1/namespaces/${namespace}/pods`,
        `watch /apis/batch/v1/namespaces/${namespace}/jobs`,
      ])
    })

    it('is nothing while runs go on, busy or idle; a two-second poller asks ninety times a minute', async () => {
      const userAgent = `requests-e2e-${randomUUID()}`
      const client = connect(undefined, { server: api.server, userAgent })
      const runner = createJobRunner({ client, namespace })
      const scripts = ['echo up; sleep 600', 'while :; do echo line; sleep 0.1; done']
      const runs = await Promise.all(
        [...scripts, ...scripts].map((script) => runner.start(request({ command: sh(script) }))),
      )
      const reading = await Promise.all(runs.map(firstLine))
      const busy = reading.map(rest)
      const poller = `requests-e2e-${randomUUID()}`
      const polls = connect(undefined, { server: api.server, userAgent: poller })
      const before = await api.requestsOf(userAgent)
      const [first] = runs
      for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(2000)) {
        await polls.get(kinds.Job, { namespace, name: first?.job.name ?? '' })
        await polls.get(kinds.Pod, { namespace, name: first?.pod?.name ?? '' })
        const { body } = await polls.openLog({ namespace, pod: first?.pod?.name ?? '', sinceSeconds: 3 })
        for await (const _ of body);
      }
      const asked = (await api.requestsOf(userAgent)).slice(before.length)
      expect(asked.length / (runs.length * (seconds / 60)), asked.join('\n')).toBeLessThanOrEqual(0.1)
      expect((await api.requestsOf(poller)).length / (seconds / 60)).toBeGreaterThan(30)
      await Promise.all(runs.map((run) => run.cancel({ by: 'test', graceSeconds: 1 })))
      await Promise.all([...busy, ...runs.map((run) => run.settled)])
      await Promise.all([client.close(), polls.close()])
    })
  },
)
