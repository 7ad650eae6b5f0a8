import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMiniKube, type MiniKube } from './mini-kube.ts'
import { shellJob, testClient, type TestClient } from './testing.ts'

let kube: MiniKube
let client: TestClient
const errors: unknown[] = []
const jobs = '/apis/batch/v1/namespaces/default/jobs'
const pods = '/api/v1/namespaces/default/pods'

beforeAll(async () => {
  kube = await startMiniKube({ onError: (error) => errors.push(error) })
  client = testClient(kube)
})
afterAll(async () => {
  await kube.close()
  if (errors.length > 0) throw new AggregateError(errors, 'the cluster reported failures nobody waited for')
})

const finished = (name: string) =>
  client.until(
    `${jobs}?fieldSelector=metadata.name=${name}`,
    (job) => job.status?.conditions?.some((one) => ['Complete', 'Failed'].includes(one.type)) === true,
  )
const podOf = async (job: string) => {
  const { body } = await client.get(`${pods}?labelSelector=job-name=${job}`)
  const [pod] = body.items ?? []
  if (pod === undefined) throw new Error(`no pod of ${job}`)
  return pod
}

describe('a Job on mini-kube', () => {
  it('runs a command with the Secret in its environment and keeps its log', async () => {
    await client.send('POST', '/api/v1/namespaces/default/secrets', {
      metadata: { name: 'one' },
      stringData: { WHO: 'world' },
    })
    await client.send(
      'POST',
      jobs,
      shellJob('hello', 'echo "hello $WHO"; echo bad >&2', {
        container: { envFrom: [{ secretRef: { name: 'one' } }] },
      }),
    )
    const job = await finished('hello')
    expect(job.status?.conditions?.map((one) => one.type)).toEqual(['SuccessCriteriaMet', 'Complete'])
    const pod = await podOf('hello')
    expect(pod.status?.phase).toBe('Succeeded')
    const log = await client.text(`${pods}/${pod.metadata.name}/log`)
    expect(log.body.split('\n').sort()).toEqual(['', 'bad', 'hello world'])
  })

  it('reports a failing command with its exit code and the tail of its log', async () => {
    await client.send(
      'POST',
      jobs,
      shellJob('fails', 'echo why; exit 3', { container: { terminationMessagePolicy: 'FallbackToLogsOnError' } }),
    )
    const job = await finished('fails')
    expect(job.status?.conditions?.map((one) => `${one.type}:${one.reason}`)).toEqual([
      'FailureTarget:BackoffLimitExceeded',
      'Failed:BackoffLimitExceeded',
    ])
    const pod = await podOf('fails')
    expect(pod.status?.containerStatuses?.[0]?.state.terminated).toMatchObject({
      exitCode: 3,
      reason: 'Error',
      message: 'why\n',
    })
  })

  it('lets a deleted pod say its last words to a follower', async () => {
    await client.send(
      'POST',
      jobs,
      shellJob('stopped', "trap 'echo last words; exit 0' TERM; echo up; while :; do sleep 0.05; done"),
    )
    const pod = await client.until(`${pods}?labelSelector=job-name=stopped`, (one) => one.status?.phase === 'Running')
    const log = client.text(`${pods}/${pod.metadata.name}/log?follow=true`)
    await client.until(`${pods}?labelSelector=job-name=stopped`, (one) => one.status?.phase === 'Running')
    // The follower itself says when the program is up.
    await client.firstOutput(`${pods}/${pod.metadata.name}/log`)
    await client.send('DELETE', `${pods}/${pod.metadata.name}`)
    expect((await log).body).toBe('up\nlast words\n')
    expect((await finished('stopped')).status?.conditions?.at(-1)?.reason).toBe('BackoffLimitExceeded')
  })

  it('starts in less than 100 ms', async () => {
    const start = performance.now()
    const other = await startMiniKube()
    const took = performance.now() - start
    await other.close()
    expect(took).toBeLessThan(100)
  })
})
