import { createManualClock } from '@agent-jobs/primitives'
import { describe, expect, it } from 'vitest'
import { createScriptedCluster, Job, Pod, Secret, type ScriptedCluster } from '../test/support/scripted-cluster.ts'
import { frames } from '../test/support/world.ts'
import { createJobRunner } from './job-runner.ts'
import { buildManifest } from './manifest.ts'
import type { RunRequest } from './run-request.ts'

const namespace = 'default'
const start = Date.UTC(2026, 0, 1)

function stage(fields: Partial<RunRequest> = {}) {
  const cluster = createScriptedCluster()
  const clock = createManualClock({ wallTime: start })
  const runner = createJobRunner({ client: cluster.client, namespace, clock })
  const { job, secret } = buildManifest(frames(['x'], fields), namespace)
  const creationTimestamp = new Date(start).toISOString()
  const template = job.spec?.template
  return {
    cluster,
    clock,
    reap: (options: object = {}) => runner.reap({ dryRun: false, olderThanMs: 0, ...options }),
    putJob: (o: object = {}) =>
      cluster.put(Job, {
        ...job,
        metadata: { ...job.metadata, uid: 'j', resourceVersion: '5', creationTimestamp },
        ...o,
      }),
    putSecret: () =>
      cluster.put(Secret, {
        ...secret,
        metadata: { ...secret.metadata, uid: 's', resourceVersion: '6', creationTimestamp },
      }),
    putPod: (status: object, spec: object = {}) =>
      cluster.put(Pod, {
        metadata: { name: 'p', uid: 'p1', resourceVersion: '7', labels: template?.metadata?.labels },
        spec: { ...template?.spec, nodeName: 'n', ...spec },
        status,
      }),
  }
}
const writes = (cluster: ScriptedCluster) =>
  cluster.calls
    .filter(({ verb }) => verb === 'delete' || verb === 'patch')
    .map(({ verb, kind, preconditions }) => ({ verb, kind, preconditions }))

const pulling = {
  phase: 'Pending',
  containerStatuses: [{ name: 'main', state: { waiting: { reason: 'ImagePullBackOff' } } }],
}
const budgetAndSlackMs = 600_000 + 300_000

describe('reap, for a run whose command has never started', () => {
  it('waits for its start budget and some slack', async () => {
    const { cluster, clock, reap, putJob, putPod } = stage()
    putJob()
    putPod(pulling)
    await clock.advance(budgetAndSlackMs - 1)
    expect((await reap()).items).toEqual([])
    expect(writes(cluster)).toEqual([])
  })

  it('then deletes its pod, in exactly the state that was checked', async () => {
    const { cluster, clock, reap, putJob, putPod } = stage()
    putJob()
    putPod(pulling)
    await clock.advance(budgetAndSlackMs)
    expect((await reap()).items).toMatchObject([
      { kind: 'Pod', action: 'removed', reason: expect.stringContaining('600 s') },
    ])
    expect(writes(cluster)).toEqual([
      { verb: 'delete', kind: 'Pod', preconditions: { uid: 'p1', resourceVersion: '7' } },
    ])
  })

  it('leaves a pod alone that starts at this very moment', async () => {
    const { cluster, clock, reap, putJob, putPod } = stage()
    putJob()
    putPod(pulling)
    await clock.advance(budgetAndSlackMs)
    cluster.intercept = ({ verb }) => {
      if (verb === 'delete') {
        const pod = cluster.read(Pod, 'p')
        cluster.put(Pod, { ...pod, metadata: { ...pod?.metadata, resourceVersion: '8' } })
      }
      return undefined
    }
    expect((await reap()).items).toMatchObject([{ kind: 'Pod', action: 'kept', reason: 'it changed in the meantime' }])
    expect(cluster.read(Pod, 'p')).toBeDefined()
  })

  it('deletes the Job of one that has no pod at all', async () => {
    const { cluster, clock, reap, putJob } = stage()
    putJob()
    await clock.advance(budgetAndSlackMs)
    expect((await reap()).items).toMatchObject([{ kind: 'Job', action: 'removed' }])
    expect(writes(cluster)).toEqual([
      { verb: 'delete', kind: 'Job', preconditions: { uid: 'j', resourceVersion: '5' } },
    ])
  })

  it('only reports it in a dry run, and keeps what is younger than requested', async () => {
    const { cluster, clock, reap, putJob } = stage()
    putJob()
    await clock.advance(budgetAndSlackMs)
    expect((await reap({ dryRun: true })).items).toMatchObject([{ kind: 'Job', action: 'would_remove' }])
    expect((await reap({ olderThanMs: budgetAndSlackMs + 1 })).items).toEqual([])
    expect(writes(cluster)).toEqual([])
  })

  it.each([
    ['waits in a queue', { suspend: true }, {}],
    ['runs', {}, { phase: 'Running', containerStatuses: [{ name: 'main', state: { running: {} } }] }],
    [
      'runs in a renamed container',
      {},
      { phase: 'Running', containerStatuses: [{ name: 'renamed', state: { running: {} } }] },
    ],
  ])('never touches one that %s', async (_, request, status) => {
    const { cluster, clock, reap, putJob, putPod } = stage(request)
    putJob()
    if ('phase' in status) {
      const [container] = buildManifest(frames(['x']), namespace).job.spec?.template.spec?.containers ?? []
      const isRenamed = status.containerStatuses?.[0]?.name === 'renamed'
      putPod(status, isRenamed ? { containers: [{ ...container, name: 'renamed' }] } : {})
    }
    await clock.advance(10 * budgetAndSlackMs)
    expect((await reap()).items).toEqual([])
    expect(writes(cluster)).toEqual([])
  })
})

describe('reap, for a run whose command has ended beside the proxy of a mesh', () => {
  const mesh = { name: 'istio-proxy', image: 'i' }
  const ended = {
    phase: 'Running',
    containerStatuses: [
      { name: 'main', state: { terminated: { exitCode: 0 } } },
      { name: 'istio-proxy', state: { running: {} } },
    ],
  }

  it('ends the pod and keeps its log', async () => {
    const { cluster, reap, putJob, putPod } = stage()
    putJob()
    const [container] = buildManifest(frames(['x']), namespace).job.spec?.template.spec?.containers ?? []
    putPod(ended, { containers: [container, mesh] })
    expect((await reap()).items).toMatchObject([
      { kind: 'Pod', action: 'removed', reason: expect.stringContaining('has ended') },
    ])
    expect(cluster.calls.filter(({ verb }) => verb === 'patch')).toMatchObject([
      { kind: 'Pod', options: { body: { metadata: { uid: 'p1' }, spec: { activeDeadlineSeconds: 1 } } } },
    ])
  })
})

describe('reap, for the Secret of a run', () => {
  it('keeps it while a pod of the run is alive, also when its Job is gone', async () => {
    const { cluster, clock, reap, putSecret, putPod } = stage()
    putSecret()
    putPod({ phase: 'Running', containerStatuses: [{ name: 'main', state: { running: {} } }] })
    await clock.advance(10_000_000)
    expect((await reap()).items).toMatchObject([{ kind: 'Secret', action: 'kept', reason: 'its run is live' }])
    expect(writes(cluster)).toEqual([])
  })

  it('removes it by uid and version once nothing refers to it', async () => {
    const { cluster, clock, reap, putSecret } = stage()
    putSecret()
    await clock.advance(10_000_000)
    expect((await reap()).items).toMatchObject([{ kind: 'Secret', action: 'removed' }])
    expect(writes(cluster)).toEqual([
      { verb: 'delete', kind: 'Secret', preconditions: { uid: 's', resourceVersion: '6' } },
    ])
  })
})
