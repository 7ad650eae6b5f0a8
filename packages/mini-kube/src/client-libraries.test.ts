import { Writable } from 'node:stream'
import { BatchV1Api, CoreV1Api, KubeConfig, Log, Watch, type V1Job } from '@kubernetes/client-node'
import { createKubeClient, kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMiniKube, type MiniKube } from './mini-kube.ts'
import { shellJob } from '../test/test-client.ts'

let kube: MiniKube
let config: KubeConfig
beforeAll(async () => {
  kube = await startMiniKube()
  config = new KubeConfig()
  config.loadFromString(kube.kubeConfig())
})
afterAll(() => kube.close())

describe('client-node 2.x', () => {
  it('creates, watches, reads the log of and deletes a Job', async () => {
    const batch = config.makeApiClient(BatchV1Api)
    const core = config.makeApiClient(CoreV1Api)
    const created = await batch.createNamespacedJob({
      namespace: 'default',
      body: shellJob('cn', 'echo from client-node') as V1Job,
    })
    const done = Promise.withResolvers<V1Job>()
    const stop = await new Watch(config).watch(
      '/apis/batch/v1/namespaces/default/jobs',
      { resourceVersion: created.metadata?.resourceVersion ?? '' },
      (_type, job: V1Job) => {
        if (job.status?.succeeded === 1) done.resolve(job)
      },
      () => undefined,
    )
    expect((await done.promise).metadata?.uid).toBe(created.metadata?.uid)
    stop.abort()
    const { items } = await core.listNamespacedPod({ namespace: 'default', labelSelector: 'job-name=cn' })
    const name = items[0]?.metadata?.name ?? ''
    expect(await core.readNamespacedPodLog({ namespace: 'default', name })).toBe('from client-node\n')
    const text: string[] = []
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done_) => {
        text.push(chunk.toString())
        done_()
      },
    })
    const ended = new Promise<void>((resolve) => sink.once('finish', () => resolve()))
    await new Log(config).log('default', name, 'agent', sink, { follow: true })
    await ended
    expect(text.join('')).toBe('from client-node\n')
    await batch.deleteNamespacedJob({ namespace: 'default', name: 'cn', propagationPolicy: 'Foreground' })
    await expect(core.readNamespacedPod({ namespace: 'default', name: 'absent' })).rejects.toMatchObject({ code: 404 })
  })
})

describe('kube-api', () => {
  it('lists and watches from one request and sees a Job end', async () => {
    const client = createKubeClient({ kubeConfig: config })
    const stop = new AbortController()
    await client.create(kinds.Job, shellJob('ka', 'echo hi') as V1Job, { namespace: 'default' })
    const seen: string[] = []
    for await (const event of client.listWatch(kinds.Job, { namespace: 'default', signal: stop.signal })) {
      seen.push(event.type)
      if (event.type !== 'synced' && event.object.metadata?.name === 'ka' && event.object.status?.succeeded === 1) break
    }
    stop.abort()
    expect(seen).toContain('synced')
    await client.close()
  })
})
