import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createManualClock, type ManualClock } from '@agent-jobs/primitives'
import { startMiniKube, type MiniKube } from './mini-kube.ts'
import { shellJob, testClient, type TestClient, type TestObject } from '../test/test-client.ts'

const pods = '/api/v1/namespaces/default/pods'
const jobs = '/apis/batch/v1/namespaces/default/jobs'
const stepMs = 20

/** What is to be seen of one Job and its pod at a moment. */
interface Sight {
  pod: TestObject | undefined
  job: TestObject
}

let clock: ManualClock
let kube: MiniKube
let client: TestClient
let end: () => void
let kill: 'heeds' | 'ignores'

beforeEach(async () => {
  clock = createManualClock({ wallTime: Date.UTC(2026, 10, 21) })
  const ended = Promise.withResolvers<void>()
  end = ended.resolve
  kill = 'heeds'
  kube = await startMiniKube({
    clock,
    seed: 4,
    timing: 'real',
    images: {
      fn: {
        run: async ({ signal }) => {
          if (kill === 'heeds') signal.addEventListener('abort', end, { once: true })
          await ended.promise
          return 0
        },
      },
    },
  })
  client = testClient(kube)
})
afterEach(async () => {
  end()
  await kube.close()
})

const look = async (): Promise<Sight> => {
  const [list, job] = [await client.get(`${pods}?labelSelector=job-name=one`), await client.get(`${jobs}/one`)]
  return { pod: list.body.items?.[0], job: job.body }
}

/** Moves the clock until something is to be seen; how long that took, in the cluster's time. */
async function until(seen: (sight: Sight) => boolean, limitMs = 60_000): Promise<number> {
  const start = clock.now()
  while (!seen(await look())) {
    if (clock.now() - start > limitMs) throw new Error(`not seen in ${limitMs} ms: ${JSON.stringify(await look())}`)
    await clock.advance(stepMs)
  }
  return clock.now() - start
}

const post = (options: Parameters<typeof shellJob>[2] = {}) =>
  client.send('POST', jobs, shellJob('one', '', { ...options, container: { image: 'fn', ...options.container } }))
const phase = (wanted: string) => (sight: Sight) => sight.pod?.status?.phase === wanted
const condition = (type: string) => (sight: Sight) =>
  sight.job.status?.conditions?.some((one) => one.type === type) === true
const terminated = ({ pod }: Sight) => pod?.status?.containerStatuses?.[0]?.state.terminated !== undefined
const bound = ({ pod }: Sight) => pod?.spec?.['nodeName'] !== undefined
const gone = ({ pod }: Sight) => pod === undefined

/** Between the shortest and the longest of the recordings, and a step of this test. */
const within = (shortest: number, longest: number) => (ms: number) => ms >= shortest - stepMs && ms <= longest + stepMs

// The ranges are those of the time lines in fixtures/kubernetes/*/notes.md, in milliseconds.
describe('the real delays', () => {
  it('are those recorded of a Job that completes', async () => {
    await post()
    await until(bound)
    expect(await until(phase('Running'))).toSatisfy(within(150, 364))
    end()
    // The kubelet looks once a second, so that this is any part of one.
    expect(await until(terminated)).toSatisfy(within(0, 1_000))
    expect(await until(phase('Succeeded'))).toSatisfy(within(1_057, 1_100))
    expect(await until(condition('SuccessCriteriaMet'))).toSatisfy(within(910, 1_003))
    expect(await until(condition('Complete'))).toSatisfy(within(0, 19))
  })

  it('are those recorded of a pod that is deleted and ignores SIGTERM', async () => {
    kill = 'ignores'
    await post()
    await until(phase('Running'))
    const name = (await look()).pod?.metadata.name
    await client.send('DELETE', `${pods}/${name}`)
    expect(await until(condition('FailureTarget'))).toSatisfy(within(0, 1_000))
    const { pod } = await look()
    const start = Date.parse(pod?.metadata.deletionTimestamp ?? '') - 2_000
    await until(phase('Failed'))
    expect(clock.wallTime() - start).toSatisfy(within(1_900, 3_123))
    expect(await until(gone)).toSatisfy(within(413, 812))
  })

  it('are those recorded of a volume whose Secret comes late', async () => {
    const volumes = [{ name: 'v', secret: { secretName: 'late' } }]
    await post({ pod: { volumes }, container: { volumeMounts: [{ name: 'v', mountPath: '/v' }] } })
    await until(bound)
    await clock.advance(3_000)
    await client.send('POST', '/api/v1/namespaces/default/secrets', { metadata: { name: 'late' } })
    // At most one more look at the volume, and the start of the container.
    expect(await until(phase('Running'))).toSatisfy(within(150, 1_100 + 480))
  })

  it('are those recorded of a variable whose Secret comes late', async () => {
    const env = [{ name: 'K', valueFrom: { secretKeyRef: { name: 'late', key: 'k' } } }]
    await post({ container: { env } })
    const reason = (sight: Sight) => sight.pod?.status?.containerStatuses?.[0]?.state.waiting?.reason
    await until((sight) => reason(sight) === 'CreateContainerConfigError')
    const secret = { metadata: { name: 'late' }, stringData: { k: 'v' } }
    await client.send('POST', '/api/v1/namespaces/default/secrets', secret)
    // Twelve seconds of nothing need no steps.
    await clock.advance(12_000)
    expect((await look()).pod?.status?.phase).toBe('Pending')
    expect(await until(phase('Running'))).toSatisfy(within(0, 1_400))
  })
})
