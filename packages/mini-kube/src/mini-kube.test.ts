import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createManualClock } from '@agent-jobs/primitives'
import { startMiniKube, type MiniKube } from './mini-kube.ts'
import { shellJob, testClient, type TestClient } from '../test/test-client.ts'

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
  if (errors.length > 0) throw new AggregateError(errors, 'the cluster reported background failures')
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

/** A killed process that has not been waited for is dead, although its pid is still taken. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch (error) {
    if (['ESRCH', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

describe('the processes of a container', () => {
  it('all go when the first one ends, also those that moved to a session of their own', async () => {
    const child = "require('node:child_process').spawn('sleep', ['300'], { detached: true, stdio: 'ignore' })"
    const script = `const c = ${child}; console.log(c.pid); process.exit(0)`
    await client.send('POST', jobs, shellJob('leaves', '', { container: { command: ['node', '-e', script] } }))
    await finished('leaves')
    const pod = await podOf('leaves')
    const pid = Number((await client.text(`${pods}/${pod.metadata.name}/log`)).body)
    expect(pid).toBeGreaterThan(1)
    // SIGKILL was sent; on a busy machine the process is gone only when it had its turn.
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
  })

  it('see the variables of their container and none of the host’s', async () => {
    process.env['MINI_KUBE_TEST_SECRET'] = 'leak'
    const env = [
      { name: 'A', value: '1' },
      { name: 'B', value: '$(A)$(A)' },
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'GONE', valueFrom: { secretKeyRef: { name: 'absent', key: 'k', optional: true } } },
    ]
    const script = 'console.log(JSON.stringify(process.env))'
    await client.send('POST', jobs, shellJob('env', '', { container: { command: ['node', '-e', script], env } }))
    await finished('env')
    const pod = await podOf('env')
    const seen = JSON.parse((await client.text(`${pods}/${pod.metadata.name}/log`)).body) as Record<string, string>
    expect(seen).toMatchObject({ A: '1', B: '11', NAME: pod.metadata.name, HOSTNAME: pod.metadata.name })
    expect('MINI_KUBE_TEST_SECRET' in seen || 'GONE' in seen).toBe(false)
    delete process.env['MINI_KUBE_TEST_SECRET']
  })

  it('share what they write to a claim, which outlives them', async () => {
    const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
    await client.send('POST', '/api/v1/namespaces/default/persistentvolumeclaims', { metadata: { name: 'data' }, spec })
    const pod = { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }
    const container = { volumeMounts: [{ name: 'v', mountPath: '/paperclip' }], workingDir: '/paperclip/work' }
    await client.send('POST', jobs, shellJob('writes', 'echo kept > /paperclip/file; pwd > where', { pod, container }))
    await finished('writes')
    await client.send('POST', jobs, shellJob('reads', 'cat /paperclip/file', { pod, container }))
    await finished('reads')
    const reader = await podOf('reads')
    expect((await client.text(`${pods}/${reader.metadata.name}/log`)).body).toBe('kept\n')
    expect(readFileSync(join(kube.claimDir('default', 'data'), 'work', 'where'), 'utf8')).toContain('/work')
  })

  it('start again with restartPolicy OnFailure, the last log kept for previous=true', async () => {
    const pod = { restartPolicy: 'OnFailure', volumes: [{ name: 'v', emptyDir: {} }] }
    const container = { volumeMounts: [{ name: 'v', mountPath: '/scratch' }] }
    const script = 'if [ -f /scratch/x ]; then echo second; else touch /scratch/x; echo first; exit 1; fi'
    await client.send('POST', jobs, shellJob('again', script, { pod, container, job: { backoffLimit: 2 } }))
    await finished('again')
    const { metadata, status } = await podOf('again')
    expect(status?.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      lastState: { terminated: { exitCode: 1 } },
    })
    expect((await client.text(`${pods}/${metadata.name}/log`)).body).toBe('second\n')
    expect((await client.text(`${pods}/${metadata.name}/log?previous=true`)).body).toBe('first\n')
  })
})

describe('a clock that is moved by hand', () => {
  it('lets a Job of an hour’s TTL go at once, and not a minute early', async () => {
    const clock = createManualClock({ wallTime: Date.UTC(2026, 0, 1) })
    const other = await startMiniKube({ clock, images: { fn: { run: () => 0 } } })
    const own = testClient(other)
    await own.send(
      'POST',
      jobs,
      shellJob('old', '', { job: { ttlSecondsAfterFinished: 3_600 }, container: { image: 'fn' } }),
    )
    const done = await own.until(jobs, (job) => job.status?.['succeeded'] === 1)
    await clock.advance(3_590_000)
    expect((await own.get(`${jobs}/old`)).status).toBe(200)
    await clock.advance(20_000)
    const gone = await own.until(
      `${jobs}?resourceVersion=${done.metadata.resourceVersion}`,
      (_, type) => type === 'DELETED',
    )
    expect(gone.metadata.name).toBe('old')
    await other.close()
  })
})

it.each([
  ['a port that is taken', () => ({ port: Number(new URL(kube.url).port) }), 'EADDRINUSE'],
  ['a namespace whose name is none', () => ({ namespaces: ['Not One'] }), 'Namespace "Not One" is invalid'],
])('leaves nothing behind when it cannot start: %s', async (_, options, message) => {
  const folder = mkdtempSync(join(tmpdir(), 'mini-kube-unstarted-'))
  vi.stubEnv('TMPDIR', folder)
  try {
    await expect(startMiniKube(options())).rejects.toThrow(message)
    expect(readdirSync(folder)).toEqual([])
  } finally {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  }
})
