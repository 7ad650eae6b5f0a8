// usage: node --test examples/test-with-mini-kube/failed-jobs.spec.ts
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createKubeClient, kinds, parseKubeConfig, type KubeClient } from '@agent-jobs/kube-api'
import { startMiniKube, type MiniKube } from '@agent-jobs/mini-kube'
import { failedJobs } from './failed-jobs.ts'

describe('failedJobs', () => {
  let cluster: MiniKube
  let client: KubeClient
  before(async () => {
    cluster = await startMiniKube()
    client = createKubeClient({ kubeConfig: parseKubeConfig(cluster.kubeConfig()) })
  })
  after(async () => {
    await client.close()
    await cluster.close()
  })

  /** Runs a shell command as a Job and waits until it has succeeded or failed. */
  async function runToTheEnd(name: string, script: string): Promise<void> {
    const container = { name: 'main', image: 'any', command: ['/bin/sh', '-c', script] }
    const template = { spec: { restartPolicy: 'Never', containers: [container] } }
    await client.create(kinds.Job, { metadata: { name, namespace: 'default' }, spec: { backoffLimit: 0, template } })
    const selection = {
      namespace: 'default',
      fieldSelector: `metadata.name=${name}`,
      signal: AbortSignal.timeout(20_000),
    }
    for await (const event of client.listWatch(kinds.Job, selection)) {
      if (event.type === 'synced' || event.type === 'deleted') continue
      if (event.object.status?.conditions?.some(({ type }) => type === 'Complete' || type === 'Failed')) return
    }
  }

  it('names the Jobs that have failed, and no others', async () => {
    await runToTheEnd('good', 'exit 0')
    await runToTheEnd('bad', 'exit 3')
    assert.deepEqual(await failedJobs(client, 'default'), new Map([['bad', 'BackoffLimitExceeded']]))
  })
})
