import { describe, expect, it } from 'vitest'
import { label } from './labels.ts'
import { apiError, createScriptedCluster, frame, Job, Pod, type Call } from '../test/support/scripted-cluster.ts'
import { exited, podOf, running, startOn } from '../test/support/scripted-run.ts'

const bodyOf = ({ options }: Call): unknown => (options as { body?: unknown }).body
const writes = (calls: readonly Call[], verb: Call['verb'], kind: string): Call[] =>
  calls.filter((call) => call.verb === verb && call.kind === kind)
const start = frame(0, 'l', { type: 'start', version: 1, pid: 1, startedAt: 1 })

describe('a cancellation', () => {
  it('marks exactly this Job and stops exactly this pod', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster)
    cluster.put(Pod, podOf(run, running))
    await clock.advance(100)
    const cancelled = run.cancel({ by: 'ada', graceSeconds: 1 })
    await clock.advance(100)
    expect(writes(cluster.calls, 'patch', 'Job').map(bodyOf)).toMatchObject([{ metadata: { uid: run.job.uid } }])
    expect(writes(cluster.calls, 'patch', 'Pod').map(bodyOf)).toMatchObject([
      { metadata: { uid: `${run.job.uid}-pod` }, spec: { activeDeadlineSeconds: 1 } },
    ])
    cluster.put(Pod, podOf(run, exited(143)))
    await clock.advance(100)
    expect(await cancelled).toBe('gone')
    await run.detach()
  })

  it('deletes exactly this pod where patching pods is forbidden', async () => {
    const cluster = createScriptedCluster()
    cluster.intercept = ({ verb, kind }) =>
      verb === 'patch' && kind === 'Pod' ? apiError(403, 'Forbidden') : undefined
    const { run, clock } = await startOn(cluster)
    cluster.put(Pod, podOf(run, running))
    await clock.advance(100)
    const cancelled = run.cancel({ by: 'ada', graceSeconds: 1 })
    await clock.advance(100)
    expect(writes(cluster.calls, 'delete', 'Pod').map(({ preconditions }) => preconditions)).toEqual([
      { uid: `${run.job.uid}-pod` },
    ])
    expect(await cancelled).toBe('gone')
    await run.detach()
  })

  it('deletes exactly this Job when no container has started', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster)
    const cancelled = run.cancel({ by: 'ada', graceSeconds: 1 })
    await clock.advance(100)
    const deletes = writes(cluster.calls, 'delete', 'Job')
    expect(deletes.map(({ preconditions }) => preconditions)).toEqual(deletes.map(() => ({ uid: run.job.uid })))
    expect(deletes[0]?.options).toMatchObject({ propagationPolicy: 'Foreground' })
    expect(await cancelled).toBe('gone')
  })
})

describe('a run in a queue', () => {
  const queued = { queue: { name: 'team' } }

  it('is sealed only while its Secret is still its own', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster, {}, queued)
    const job = cluster.read(Job, run.job.name)
    cluster.put(Pod, podOf(run, running))
    await clock.advance(100)
    const runHash = job?.metadata?.labels?.[label.runHash] ?? ''
    const seals = writes(cluster.calls, 'patch', 'Secret').map(bodyOf)
    expect(seals).toContainEqual([
      { op: 'test', path: `/metadata/labels/${label.runHash.replace('/', '~1')}`, value: runHash },
      { op: 'remove', path: `/data/AGENT_JOBS_RUN_${runHash}` },
    ])
    await run.detach()
  })

  it('that loses its quota has exactly its own Job deleted', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster, {}, queued)
    const job = cluster.read(Job, run.job.name)
    const suspended = (suspend: boolean) => ({ ...job, spec: { ...(job as { spec?: object }).spec, suspend } })
    cluster.put(Job, suspended(false))
    cluster.put(Pod, podOf(run, running))
    await clock.advance(100)
    cluster.put(Job, suspended(true))
    await clock.advance(100)
    expect(writes(cluster.calls, 'delete', 'Job').map(({ preconditions }) => preconditions)).toEqual([
      { uid: run.job.uid },
    ])
    await run.detach()
  })
})

describe('a confirmation by a fresh read', () => {
  // The launcher's own limit is 1 s; the runner acts 15 s later.
  const limited = { command: { argv: ['x'], limits: { totalMs: 1000 } } }
  const stops = (calls: readonly Call[]) => writes(calls, 'patch', 'Pod')

  it('is repeated when the first one failed', async () => {
    const cluster = createScriptedCluster()
    let isAway = true
    cluster.intercept = ({ verb, kind }) =>
      isAway && verb === 'get' && kind === 'Pod' ? apiError(503, 'ServiceUnavailable') : undefined
    const { run, clock } = await startOn(cluster, {}, limited)
    cluster.put(Pod, podOf(run, running))
    await clock.advance(17_000)
    expect(writes(cluster.calls, 'get', 'Pod').length).toBeGreaterThan(0)
    expect(stops(cluster.calls)).toEqual([])
    isAway = false
    await clock.advance(6_000)
    expect(stops(cluster.calls)).toHaveLength(1)
    await run.detach()
  })

  it('does not take another pod of the same name for the pod of the run', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster, {}, limited)
    cluster.put(Pod, podOf(run, running))
    await clock.advance(1_000)
    // Without a controller, so the watch does not pass it on.
    cluster.put(Pod, { metadata: { name: `${run.job.name}-pod`, uid: 'another' }, status: running })
    await clock.advance(20_000)
    expect(stops(cluster.calls)).toEqual([])
    expect(await run.outcome).toMatchObject({ kind: 'deletedExternally' })
  })
})

describe('a time limit', () => {
  it('ends the reading of a lost node’s output after 30 s', async () => {
    const cluster = createScriptedCluster()
    cluster.log.neverEnds()
    const { run, clock } = await startOn(cluster)
    cluster.log.write(start)
    cluster.put(Pod, podOf(run, running))
    await clock.advance(1_000)
    cluster.put(Pod, podOf(run, { ...running, reason: 'NodeLost' }))
    const seen: string[] = []
    const reading = (async () => {
      for await (const { type } of run.events) seen.push(type)
    })()
    await clock.advance(25_000)
    expect(await run.outcome).toMatchObject({ kind: 'nodeLost' })
    expect(seen).not.toContain('outcome')
    await clock.advance(20_000)
    await reading
    expect(seen.at(-1)).toBe('outcome')
  })

  it('ends the reading of a failed init container’s log after 5 s', async () => {
    const cluster = createScriptedCluster()
    cluster.log.neverEnds()
    const { run, clock } = await startOn(cluster)
    const initContainerStatuses = [{ name: 'mesh-init', state: { terminated: { exitCode: 5, reason: 'Error' } } }]
    cluster.put(Pod, podOf(run, { phase: 'Failed', initContainerStatuses }))
    await clock.advance(6_000)
    expect(await run.outcome).toMatchObject({ kind: 'initFailed', container: 'mesh-init' })
  })

  it('ends the wait for a pod that never reports its end: its Job is removed after 10 s', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster)
    cluster.put(Pod, podOf(run, running))
    cluster.log.write(start)
    const record = { type: 'end', frames: 1, exitCode: 0, signal: null, durationMs: 1, stoppedBy: null }
    cluster.log.write(frame(1, 'l', { ...record, stdoutBytes: 0, stderrBytes: 0 }))
    await clock.advance(50)
    cluster.log.end()
    await clock.advance(1_000)
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
    expect(writes(cluster.calls, 'delete', 'Job')).toEqual([])
    await clock.advance(10_000)
    expect(writes(cluster.calls, 'delete', 'Job').map(({ preconditions }) => preconditions)).toEqual([
      { uid: run.job.uid },
    ])
    await run.settled
  })
})
