import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FunctionContainer } from '../kubelet/container-runtime.ts'
import { startMiniKube, type MiniKube } from '../mini-kube.ts'
import type { MiniKubeOptions } from '../options.ts'
import { shellJob, testClient, type TestClient, type TestObject } from '../../test/test-client.ts'
import type { Fault } from './fault.ts'

const pods = '/api/v1/namespaces/default/pods'
const jobs = '/apis/batch/v1/namespaces/default/jobs'
let kube: MiniKube
let client: TestClient

async function start(options: MiniKubeOptions = {}): Promise<void> {
  kube = await startMiniKube({ faultSeed: 7, ...options })
  client = testClient(kube)
}
/** Prints `up` and runs until it is stopped. */
const talker: FunctionContainer = ({ stdout, signal }) => {
  stdout('up\n')
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(0), { once: true }))
}
async function runPod(name: string): Promise<TestObject> {
  const spec = { restartPolicy: 'Never', automountServiceAccountToken: false, terminationGracePeriodSeconds: 1 }
  await client.send('POST', pods, {
    metadata: { name },
    spec: { ...spec, containers: [{ name: 'agent', image: 'fn' }] },
  })
  return client.until(`${pods}?fieldSelector=metadata.name=${name}`, (pod) => pod.status?.phase === 'Running')
}

afterEach(() => kube.close())

describe('faults between client and server', () => {
  beforeEach(() => start())

  it('answers 429 with Retry-After `times` times and then no more', async () => {
    await kube.faults.inject({ kind: 'error', status: 429, retryAfterSeconds: 3, times: 2, match: { path: '/pods' } })
    const answers = [await client.get(pods), await client.get(pods), await client.get(pods)]
    expect(answers.map((answer) => answer.status)).toEqual([429, 429, 200])
    expect(answers[0]?.headers.get('retry-after')).toBe('3')
    expect(answers[0]?.body).toMatchObject({
      kind: 'Status',
      reason: 'TooManyRequests',
      details: { retryAfterSeconds: 3 },
    })
    expect(kube.faults.list()).toEqual([])
  })

  it('affects only the given user, and no unknown token', async () => {
    const eve = testClient({ url: kube.url, token: kube.addUser('eve', ['system:masters']) })
    await kube.faults.inject({ kind: 'error', status: 503, match: { user: 'eve' } })
    expect([(await eve.get(pods)).status, (await client.get(pods)).status]).toEqual([503, 200])
    expect((await testClient({ url: kube.url, token: 'wrong' }).get(pods)).status).toBe(401)
  })

  it.each([500, 502, 503, 504])('answers %i in Kubernetes’ own form', async (status) => {
    await kube.faults.inject({ kind: 'error', status, times: 1 })
    expect((await client.get(pods)).body).toMatchObject({ kind: 'Status', status: 'Failure', code: status })
  })

  it('affects the same requests in every run with the same seed', async () => {
    const run = async () => {
      const handle = await kube.faults.inject({ kind: 'error', status: 500, probability: 0.5 })
      const hits = []
      for (let i = 0; i < 20; i++) hits.push((await client.get(pods)).status)
      await handle.remove()
      return hits
    }
    const first = await run()
    await kube.close()
    await start()
    expect(await run()).toEqual(first)
    expect(new Set(first)).toEqual(new Set([200, 500]))
  })

  it('performs a write whose answer is lost', async () => {
    await kube.faults.inject({ kind: 'cut', afterBytes: 0, how: 'reset', times: 1, match: { method: 'POST' } })
    await expect(
      client.send('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'lost' } }),
    ).rejects.toThrow('fetch failed')
    expect((await client.get('/api/v1/namespaces/default/configmaps/lost')).status).toBe(200)
  })

  it.each([
    ['reset', /terminated|fetch failed/],
    ['close', /terminated|fetch failed/],
  ] as const)('breaks a body off in the middle by %s', async (how, error) => {
    await kube.faults.inject({ kind: 'cut', afterBytes: 40, how, times: 1 })
    await expect(client.get(pods)).rejects.toThrow(error)
  })

  it('ends a watch cleanly after `afterBytes` bytes', async () => {
    await kube.faults.inject({ kind: 'cut', afterBytes: 100, how: 'end', times: 1 })
    const { body } = await client.text('/api/v1/namespaces?watch=true')
    expect(body.length).toBe(100)
  })

  it('falls silent half-way without closing', async () => {
    await kube.faults.inject({ kind: 'cut', afterBytes: 30, how: 'half-open', times: 1, match: { path: 'watch' } })
    const stop = AbortSignal.timeout(300)
    await expect(client.text('/api/v1/namespaces?watch=true', stop)).rejects.toThrow('timeout')
    expect((await client.get(pods)).status).toBe(200)
  })

  it('answers 410 as an event of a watch and as the status of a list', async () => {
    await kube.faults.inject({ kind: 'gone', times: 2 })
    const events = []
    for await (const event of client.watch(`${pods}?watch=true&resourceVersion=5`)) events.push(event)
    expect(events).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }])
    expect((await client.get(pods)).status).toBe(410)
  })

  it('returns lists as they were when the fault began', async () => {
    const maps = '/api/v1/namespaces/default/configmaps'
    const before = (await client.get(maps)).body
    const handle = await kube.faults.inject({ kind: 'stale' })
    await client.send('POST', maps, { metadata: { name: 'new' } })
    const stale = (await client.get(maps)).body
    expect(stale.items?.length).toBe(before.items?.length)
    expect(stale.metadata.resourceVersion).toBe(before.metadata.resourceVersion)
    await handle.remove()
    expect((await client.get(maps)).body.items?.length).toBe((before.items?.length ?? 0) + 1)
  })

  it.each([
    ['drop-events', ['b']],
    ['double-events', ['a', 'a', 'b']],
  ] as const)('%s of a watch', async (kind, expected) => {
    await kube.faults.inject({ kind, times: 1, match: { path: 'watch=true' } })
    const maps = '/api/v1/namespaces/default/configmaps'
    const { resourceVersion } = (await client.get(maps)).body.metadata
    const seen: string[] = []
    const watching = (async () => {
      for await (const { object } of client.watch(`${maps}?watch=true&resourceVersion=${resourceVersion}`)) {
        seen.push(object.metadata.name)
        if (object.metadata.name === 'b') return
      }
    })()
    for (const name of ['a', 'b']) await client.send('POST', maps, { metadata: { name } })
    await watching
    expect(seen).toEqual(expected)
  })

  it('can be controlled over HTTP, by the administrator only', async () => {
    const made = await client.send<{ id: string }>('POST', '/mini-kube/faults', {
      kind: 'error',
      status: 503,
      match: { path: '/pods' },
    })
    expect(made.status).toBe(201)
    expect((await client.get(pods)).status).toBe(503)
    expect((await client.get('/mini-kube/faults')).body.items).toMatchObject([{ fault: { kind: 'error' }, hits: 1 }])
    await client.send('DELETE', `/mini-kube/faults/${made.body.id}`)
    expect((await client.get(pods)).status).toBe(200)
    const someone = testClient({ url: kube.url, token: kube.addUser('eve') })
    expect((await someone.get('/mini-kube/faults')).status).toBe(403)
  })

  it('delays by the drawn time', async () => {
    await kube.faults.inject({ kind: 'latency', ms: [60, 80], times: 1 })
    const before = performance.now()
    await client.get(pods)
    expect(performance.now() - before).toBeGreaterThanOrEqual(55)
  })
})

describe('faults of the node', () => {
  beforeEach(() => start({ images: { fn: { run: talker }, 'local/base:1': {} } }))
  const log = (name: string, query = '') => client.text(`${pods}/${name}/log${query}`)

  it('ends open log streams cleanly when the kubelet dies, answers 500, and after it 404 for pods/log', async () => {
    const { metadata } = await runPod('a')
    const follower = log('a', '?follow=true')
    await client.firstOutput(`${pods}/a/log`)
    const handle = await kube.faults.inject({ kind: 'kubelet-down', notFoundMs: 60_000 })
    expect((await follower).body).toBe('up\n')
    const down = await client.get(`${pods}/a/log?follow=true&timestamps=true`)
    expect(down.body).toMatchObject({
      code: 500,
      message: expect.stringContaining(':10250: connect: connection refused'),
    })
    await handle.remove()
    const after = await client.get(`${pods}/a/log`)
    expect(after.body).toMatchObject({ code: 404, details: { kind: 'pods/log', name: 'a' } })
    expect((await client.get(`${pods}/a`)).body.metadata.uid).toBe(metadata.uid)
  })

  it('catches up when the kubelet is back', async () => {
    await client.send('POST', jobs, shellJob('late', 'echo done'))
    const handle = await kube.faults.inject({ kind: 'kubelet-down' })
    await client.send('POST', jobs, shellJob('later', 'echo done'))
    await handle.remove()
    await client.until(`${jobs}?fieldSelector=metadata.name=later`, (job) => job.status?.['succeeded'] === 1)
    const job = await client.until(`${jobs}?fieldSelector=metadata.name=late`, (one) => one.status?.['succeeded'] === 1)
    expect(job.status?.conditions?.at(-1)?.type).toBe('Complete')
  })

  it('loses the node: deletes the pod while its container still runs, and cleans up when it is back', async () => {
    await runPod('a')
    const handle = await kube.faults.inject({ kind: 'node-lost' })
    const lost = await client.until(
      `${pods}?fieldSelector=metadata.name=a`,
      (pod) => pod.metadata.deletionTimestamp !== undefined,
    )
    expect(lost.status?.conditions?.find((one) => one.type === 'DisruptionTarget')).toMatchObject({
      reason: 'DeletionByTaintManager',
    })
    expect(lost.status?.containerStatuses?.[0]?.state.running).toBeDefined()
    const node = await client.get('/api/v1/nodes/mini-kube')
    expect(node.body.status?.conditions?.find((one) => one.type === 'Ready')?.status).toBe('Unknown')
    await handle.remove()
    await client.until(
      `${pods}?fieldSelector=metadata.name=a&resourceVersion=${lost.metadata.resourceVersion}`,
      (_, type) => type === 'DELETED',
    )
  })

  it('fails the pods of a deleted node, their containers still running', async () => {
    const pod = await runPod('a')
    await kube.faults.inject({ kind: 'node-deleted' })
    const gone = await client.until(
      `${pods}?fieldSelector=metadata.name=a&resourceVersion=${pod.metadata.resourceVersion}`,
      (_, type) => type === 'DELETED',
    )
    expect(gone.status?.phase).toBe('Failed')
    expect(gone.status?.containerStatuses?.[0]?.state.running).toBeDefined()
  })

  it('evicts: the object stays, the log is gone', async () => {
    await runPod('a')
    await kube.faults.inject({ kind: 'evict', pod: 'a', message: 'low on memory' })
    const pod = await client.until(`${pods}?fieldSelector=metadata.name=a`, (one) => one.status?.phase === 'Failed')
    expect(pod.status).toMatchObject({ reason: 'Evicted', message: 'low on memory' })
    expect(pod.status?.conditions?.some((one) => one.type === 'DisruptionTarget')).toBe(false)
    const answer = await log('a')
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('no such file or directory') })
  })

  it.each([
    [137, 'Failed'],
    [0, 'Succeeded'],
    [1, 'Failed'],
  ])('says OOMKilled with exit code %i', async (exitCode, phase) => {
    await runPod('a')
    await kube.faults.inject({ kind: 'oom', pod: 'a', exitCode })
    const pod = await client.until(`${pods}?fieldSelector=metadata.name=a`, (one) => one.status?.phase === phase)
    expect(pod.status?.containerStatuses?.[0]?.state.terminated).toMatchObject({ exitCode, reason: 'OOMKilled' })
  })

  it('makes an image unavailable and then available again', async () => {
    const handle = await kube.faults.inject({ kind: 'image', image: 'local/*' })
    await client.send('POST', jobs, shellJob('img', 'echo ok'))
    await client.until(
      `${pods}?labelSelector=job-name=img`,
      (pod) => pod.status?.containerStatuses?.[0]?.state.waiting?.reason === 'ErrImagePull',
    )
    await handle.remove()
    const job = await client.until(`${jobs}?fieldSelector=metadata.name=img`, (one) => one.status?.['succeeded'] === 1)
    expect(job.status?.conditions?.at(-1)?.type).toBe('Complete')
  })

  it('keeps a volume from being mounted', async () => {
    const handle = await kube.faults.inject({ kind: 'mount', volume: 'v', message: 'no luck' })
    const pod = { volumes: [{ name: 'v', emptyDir: {} }] }
    await client.send(
      'POST',
      jobs,
      shellJob('mnt', 'echo ok > /mnt/v/file && cat /mnt/v/file', {
        pod,
        container: { volumeMounts: [{ name: 'v', mountPath: '/mnt/v' }] },
      }),
    )
    await client.until(
      '/api/v1/namespaces/default/events',
      (event) => event['reason'] === 'FailedMount' && String(event.message).endsWith('no luck'),
    )
    await handle.remove()
    const job = await client.until(`${jobs}?fieldSelector=metadata.name=mnt`, (one) => one.status?.['succeeded'] === 1)
    expect(job.status?.conditions?.at(-1)?.type).toBe('Complete')
  })

  it.each<[string, Fault, string]>([
    ['a rotation leaves only the new file', { kind: 'rotate', pod: 'a' }, ''],
    ['a lost tail', { kind: 'truncate-log', pod: 'a', bytes: 3 }, ''],
    [
      'an error text instead of a log',
      { kind: 'log-text', text: 'unable to retrieve container logs for containerd://x' },
      'unable to retrieve container logs for containerd://x',
    ],
    [
      'an error text after the log',
      { kind: 'log-text', mode: 'append', text: 'failed to create fsnotify watcher: too many open files' },
      'up\nfailed to create fsnotify watcher: too many open files',
    ],
  ])('%s', async (_, fault, expected) => {
    await runPod('a')
    await client.firstOutput(`${pods}/a/log`)
    await kube.faults.inject(fault)
    expect((await log('a')).body).toBe(expected)
  })

  it('repeats the newest file to a follower', async () => {
    await runPod('a')
    const follower = log('a', '?follow=true&limitBytes=9')
    await client.firstOutput(`${pods}/a/log`)
    await kube.faults.inject({ kind: 'repeat-log', pod: 'a', skipFiles: 2 })
    expect((await follower).body).toBe('up\nup\nup\n')
  })

  it('lets the API go down and come back on the same port', async () => {
    const handle = await kube.faults.inject({ kind: 'api-down' })
    await expect(client.get(pods)).rejects.toThrow('fetch failed')
    await handle.remove()
    expect((await client.get(pods)).status).toBe(200)
  })

  it('steps the clock, and log times with it', async () => {
    const handle = await kube.faults.inject({ kind: 'clock-step', ms: -3_600_000 })
    await runPod('a')
    const { body } = await log('a', '?timestamps=true')
    expect(Date.now() - Date.parse(body.slice(0, 30))).toBeGreaterThan(3_500_000)
    await handle.remove()
  })
})
