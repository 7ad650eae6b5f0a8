import { kinds } from '@agent-jobs/kube-api'
import { describe, expect, it } from 'vitest'
import { firstLine, frames, startWorld } from '../test/support/world.ts'
import type { Pod } from './kubernetes.ts'
import { buildManifest } from './manifest.ts'
import { hasNothingRunning } from './read-pod.ts'

type Containers = NonNullable<Pod['status']>['containerStatuses']
const terminated = { terminated: { exitCode: 0 } }
const status = (name: string, state: object): NonNullable<Containers>[number] => ({
  name,
  image: 'i',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
})
const pod = (containers: string[], statuses: [string, object][], phase = 'Running'): Pod => ({
  metadata: { name: 'p' },
  spec: { restartPolicy: 'Never', containers: containers.map((name) => ({ name })) },
  status: { phase, containerStatuses: statuses.map(([name, state]) => status(name, state)) },
})

describe('a pod whose containers have ended', () => {
  it('counts as running nothing, whatever its phase', () => {
    expect(hasNothingRunning(pod(['main'], [['main', terminated]]))).toBe(true)
    expect(hasNothingRunning(pod(['main'], [], 'Failed'))).toBe(true)
  })

  it('may still run something when one container is not known to have ended', () => {
    expect(hasNothingRunning(pod(['main'], [['main', { running: {} }]]))).toBe(false)
    expect(hasNothingRunning(pod(['main'], [], 'Pending'))).toBe(false)
    expect(hasNothingRunning(pod(['main', 'other'], [['main', terminated]]))).toBe(false)
    expect(hasNothingRunning(pod([], []))).toBe(false)
  })

  it('counts as running while a sidecar runs, and while its containers may restart', () => {
    const withSidecar = pod(['main'], [['main', terminated]])
    if (withSidecar.spec) withSidecar.spec.initContainers = [{ name: 'docker', restartPolicy: 'Always' }]
    expect(hasNothingRunning(withSidecar)).toBe(false)
    if (withSidecar.status) withSidecar.status.initContainerStatuses = [status('docker', terminated)]
    expect(hasNothingRunning(withSidecar)).toBe(true)
    const again = pod(['main'], [['main', terminated]])
    if (again.spec) again.spec.restartPolicy = 'OnFailure'
    expect(hasNothingRunning(again)).toBe(false)
  })
})

describe('what a run leaves behind', () => {
  it('does not delay the next run of its key when it is an ended pod that a slow kubelet has yet to delete', async () => {
    await using world = await startWorld({ seed: 31 })
    const { client, runner, requests } = world.server({ handoverMs: 0 })
    const { secret, job } = buildManifest(frames(['wait'], { key: 'slow' }), 'default')
    await client.create(kinds.Secret, secret)
    // Its Job is gone, and its kubelet does not answer: the pod stays as it is.
    const left: Pod = {
      metadata: { name: 'left', namespace: 'default', labels: job.spec?.template.metadata?.labels ?? {} },
      spec: {
        nodeName: 'elsewhere',
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 65,
        containers: [{ name: 'main', image: 'frames' }],
      },
    }
    await client.create(kinds.Pod, left)
    await client.request({
      method: 'PATCH',
      path: '/api/v1/namespaces/default/pods/left/status',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { status: { phase: 'Running', containerStatuses: [status('main', terminated)] } },
    })
    await client.delete(kinds.Pod, { name: 'left', namespace: 'default' })
    const leaving = await client.get(kinds.Pod, { name: 'left', namespace: 'default' })
    expect(leaving.metadata).toMatchObject({ deletionGracePeriodSeconds: 65 })
    const run = await runner.start(frames(['lines', '1'], { key: 'slow' }))
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
    const claims = requests.filter((line) => /^POST .*secrets/.test(line))
    expect(claims.map((line) => line.slice(-3))).toEqual(['201', '409', '201'])
    await run.settled
  })

  it('still holds its key while its pod is gone but its Job does not report it yet', async () => {
    await using world = await startWorld({ seed: 33 })
    // A list of pods from before the run, as if its pod had been removed.
    const blind = await world.kube.faults.inject({ kind: 'stale', match: { path: '/pods?labelSelector' } })
    const first = await world.server().runner.start(frames(['wait'], { key: 'gone' }))
    await firstLine(first)
    const { runner } = world.server({ handoverMs: 0 })
    await expect(runner.start(frames(['wait'], { key: 'gone' }))).rejects.toMatchObject({
      code: 'run_locked',
      holder: { state: 'its pod is gone' },
    })
    await blind.remove()
    await expect(runner.start(frames(['wait'], { key: 'gone' }))).rejects.toMatchObject({
      holder: { state: expect.stringMatching(/^pod .* is Running$/) },
    })
    await first.detach()
  })

  it('is removed from the cluster only when its pod has reported its end, unless another run waits for its key', async () => {
    await using world = await startWorld({ seed: 32 })
    const { client, runner } = world.server()
    const stop = new AbortController()
    const phases: (string | undefined)[] = []
    const seen = (async () => {
      for await (const event of client.listWatch(kinds.Pod, { namespace: 'default', signal: stop.signal })) {
        if (event.type === 'synced') continue
        if (event.object.metadata?.deletionTimestamp !== undefined) phases.push(event.object.status?.phase)
        if (event.type === 'deleted') break
      }
    })()
    const run = await runner.start(frames(['lines', '1']))
    await run.settled
    await seen
    stop.abort()
    expect(new Set(phases)).toEqual(new Set(['Succeeded']))
  })
})
