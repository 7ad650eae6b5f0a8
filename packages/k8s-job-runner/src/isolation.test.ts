import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createManualClock } from '@agent-jobs/primitives'
import { describeOutcome } from './describe-outcome.ts'
import { followRun } from './follow-run.ts'
import type { FollowInput } from './follow-input.ts'
import { buildManifest } from './manifest.ts'
import type { RunnerContext } from './runner-context.ts'
import { createWatchBoard, type BoardChange, type WatchBoard } from './watch-board.ts'
import { exited, podOf, running, startOn } from '../test/support/scripted-run.ts'
import { collect, frames } from '../test/support/world.ts'
import {
  apiError,
  createScriptedCluster,
  frame,
  Job,
  Pod,
  type ScriptedCluster,
} from '../test/support/scripted-cluster.ts'

const namespace = 'default'
const patience = { endMs: 10_000, eventsMs: 2000, silenceMs: 1_800_000, drainMs: 600_000 }

function testContext(cluster: ScriptedCluster, onWarning: (code: string) => void): RunnerContext {
  return {
    client: cluster.client,
    namespace,
    clock: createManualClock(),
    random: () => 0.5,
    warn: ({ code }) => onWarning(code),
    endings: new Map(),
    queues: { subscribe: () => () => undefined },
    trusted: true,
    closed: new AbortController(),
  }
}

function followInput(): FollowInput {
  const { settings } = buildManifest(frames(['x']), namespace)
  return { job: { metadata: { name: 'j', uid: 'j1' } }, runId: 'r', key: 'k', settings, calledAt: 0 }
}

describe('a forged record', () => {
  it('is ignored with a warning, and the status decides', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster)
    cluster.put(Pod, podOf(run, running))
    cluster.log.write(frame(0, 'l', { type: 'start', version: 1, pid: 1, startedAt: 1 }))
    cluster.log.write(frame(1, 'l', { type: 'end', frames: 1, exitCode: 0, startError: { code: null } }))
    cluster.log.end()
    const events = collect(run.events)
    await clock.advance(1000)
    cluster.put(Pod, podOf(run, exited(7)))
    await clock.advance(60_000)
    expect(await run.outcome).toMatchObject({ kind: 'containerLost', exitCode: null, source: 'pod_status' })
    expect((await events).map((event) => (event.type === 'warning' ? event.code : event.type))).toContainEqual(
      expect.stringMatching(/launcher_record_invalid|log_not_a_frame/),
    )
  })
})

describe('an end record of a process that keeps running', () => {
  it('is ignored: the pod is stopped, and the outcome says so', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster)
    const end = {
      type: 'end',
      frames: 1,
      exitCode: 0,
      signal: null,
      durationMs: 1,
      stoppedBy: null,
      stdoutBytes: 0,
      stderrBytes: 0,
    }
    cluster.put(Pod, podOf(run, running))
    cluster.log.write(frame(0, 'l', { type: 'start', version: 1, pid: 1, startedAt: 1 }))
    cluster.log.write(frame(1, 'l', end))
    const events = collect(run.events)
    await clock.advance(9_000)
    expect(cluster.calls.filter(({ verb }) => verb === 'delete')).toEqual([])
    await clock.advance(2_000)
    const stops = cluster.calls.filter(({ verb, kind }) => verb === 'patch' && kind === 'Pod')
    expect(stops).toMatchObject([
      { options: { body: { metadata: { uid: `${run.job.uid}-pod` }, spec: { activeDeadlineSeconds: 1 } } } },
    ])
    cluster.put(Pod, podOf(run, exited(143)))
    cluster.log.end()
    await clock.advance(60_000)
    expect(await run.outcome).toMatchObject({ kind: 'signalled', notes: [expect.stringContaining('not believed')] })
    expect(await events).toContainEqual(expect.objectContaining({ type: 'warning', code: 'stopped_unconfirmed_end' }))
  })

  it('counts before any status when the log stayed open while the container ran and now ends', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster)
    const { exitCode, ...rest } = { type: 'end', frames: 1, exitCode: 3, signal: null, durationMs: 1, stoppedBy: null }
    cluster.put(Pod, podOf(run, running))
    cluster.log.write(frame(0, 'l', { type: 'start', version: 1, pid: 1, startedAt: 1 }))
    cluster.log.write(frame(1, 'l', { ...rest, exitCode, stdoutBytes: 0, stderrBytes: 0 }))
    const events = collect(run.events)
    await clock.advance(50)
    cluster.log.end()
    await clock.advance(500)
    expect(await run.outcome).toMatchObject({ kind: 'exited', exitCode, source: 'end_record' })
    expect((await events).slice(-2)).toMatchObject([{ type: 'output', verdict: 'complete' }, { type: 'outcome' }])
    cluster.put(Pod, podOf(run, exited(exitCode)))
    await clock.advance(20_000)
    await run.settled
    expect(cluster.read(Job, run.job.name)).toBeUndefined()
  })

  it('counts once the container has ended, however late the status comes', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster)
    const end = {
      type: 'end',
      frames: 1,
      exitCode: 3,
      signal: null,
      durationMs: 1,
      stoppedBy: null,
      stdoutBytes: 0,
      stderrBytes: 0,
    }
    cluster.put(Pod, podOf(run, running))
    cluster.log.write(frame(0, 'l', { type: 'start', version: 1, pid: 1, startedAt: 1 }))
    cluster.log.write(frame(1, 'l', end))
    cluster.log.end()
    cluster.intercept = ({ verb, kind }) =>
      verb === 'get' && kind === 'Pod' ? apiError(503, 'Unavailable') : undefined
    await clock.advance(120_000)
    expect(cluster.calls.filter(({ verb }) => verb === 'delete')).toEqual([])
    cluster.put(Pod, podOf(run, exited(3)))
    await clock.advance(1_000)
    expect(await run.outcome).toMatchObject({ kind: 'exited', exitCode: 3, source: 'end_record' })
  })
})

describe('an init container that fails', () => {
  it('has its last output in the outcome, before its log goes with the pod', async () => {
    const cluster = createScriptedCluster()
    const { run, clock } = await startOn(cluster)
    cluster.log.write('cannot reach the\u001B[31m certificate authority')
    cluster.log.end()
    const initContainerStatuses = [{ name: 'mesh-init', state: { terminated: { exitCode: 5, reason: 'Error' } } }]
    cluster.put(Pod, podOf(run, { phase: 'Failed', initContainerStatuses }))
    await clock.advance(10_000)
    const outcome = await run.outcome
    expect(outcome).toMatchObject({ kind: 'initFailed', container: 'mesh-init' })
    expect(describeOutcome(outcome).message).toMatch(/It printed: .*cannot reach the \[31m certificate authority/)
    expect(cluster.calls.filter(({ verb }) => verb === 'log')).toMatchObject([{ name: `${run.job.name}-pod` }])
  })
})

describe('malformed objects', () => {
  const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(null, [], {}, 'x', 7))
  const state = fc.oneof(
    anything,
    fc.record({ running: anything }, { requiredKeys: [] }),
    fc.record({
      terminated: fc.oneof(anything, fc.record({ exitCode: anything, reason: anything, message: anything })),
    }),
    fc.record({ waiting: fc.oneof(anything, fc.record({ reason: anything, message: anything })) }),
  )
  const statuses = fc.oneof(
    anything,
    fc.array(fc.record({ name: fc.oneof(fc.constant('main'), anything), state, lastState: state })),
  )
  const conditions = fc.oneof(
    anything,
    fc.array(
      fc.record({
        type: fc.oneof(fc.constantFrom('DisruptionTarget', 'PodScheduled', 'Failed', 'Suspended'), anything),
        status: fc.oneof(fc.constantFrom('True', 'False'), anything),
        reason: anything,
        message: anything,
      }),
    ),
  )
  const podStatus = fc.oneof(
    anything,
    fc.record({
      phase: fc.oneof(fc.constantFrom('Pending', 'Running', 'Failed'), anything),
      reason: anything,
      message: anything,
      conditions,
      containerStatuses: statuses,
      initContainerStatuses: statuses,
    }),
  )
  const jobStatus = fc.oneof(anything, fc.record({ conditions, active: anything, failed: anything }))

  it('always lead to an outcome, and never affect another run', async () => {
    const kindsSeen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            podStatus.map((pod) => ({ pod })),
            jobStatus.map((job) => ({ job })),
          ),
          { maxLength: 5 },
        ),
        anything,
        async (changes, metadata) => {
          const cluster = createScriptedCluster()
          const { runner, clock, warnings, run } = await startOn(cluster)
          const other = await runner.start(frames(['x']))
          for (const change of changes) {
            if ('pod' in change) cluster.put(Pod, podOf(run, change.pod))
            else {
              const found = cluster.read(Job, run.job.name)
              if (found !== undefined) cluster.put(Job, { ...found, status: change.job })
            }
          }
          cluster.put(Pod, { metadata })
          cluster.put(Job, { metadata })
          cluster.put(Pod, podOf(run, exited(1)))
          cluster.log.end()
          await clock.advance(700_000)
          const outcome = await run.outcome
          kindsSeen.add(outcome.kind)
          // The shapes are read, not caught as errors: none of them makes following fail.
          expect(outcome.kind).not.toBe('followFailed')
          expect(warnings).not.toContain('unexpected')
          expect(await other.outcome).toMatchObject({ kind: 'startFailed' })
          expect(cluster.watches).toBe(0)
        },
      ),
      { numRuns: 150 },
    )
    expect(kindsSeen.size).toBeGreaterThan(1)
  })
})

/** An object that throws when it is read: it simulates a bug in the reading code. */
function trap(): object {
  return new Proxy(
    {},
    {
      get() {
        throw new Error('a bug')
      },
    },
  )
}

describe('a fault in following one run', () => {
  it('becomes the outcome of that run: the Job is kept, nothing rejects and no watch stays open', async () => {
    const cluster = createScriptedCluster()
    const warnings: string[] = []
    const context = testContext(cluster, (code) => warnings.push(code))
    const listeners: ((change: BoardChange) => void)[] = []
    const board: WatchBoard = {
      hold: () => () => undefined,
      synced: () => Promise.resolve(),
      subscribe(_, listener) {
        listeners.push(listener)
        return () => undefined
      },
      jobNamed: () => undefined,
    }
    const run = followRun(context, board, followInput(), patience)
    const events = collect(run.events)
    listeners[0]?.({ of: 'pod', gone: false, object: { metadata: { uid: 'p' }, status: trap() as never } })
    const outcome = await run.outcome
    expect(outcome).toMatchObject({ kind: 'followFailed', notes: ['The error: a bug.'] })
    expect(describeOutcome(outcome).message).toContain('may still be running')
    await run.settled
    expect((await events).at(-1)).toEqual({ type: 'outcome', outcome })
    expect(cluster.calls.filter(({ verb }) => verb === 'delete')).toEqual([])
    expect(warnings).toContain('follow_failed')
  })

  it('that a listener does not handle does not keep changes from the other listeners', async () => {
    const cluster = createScriptedCluster()
    const warnings: string[] = []
    const board = createWatchBoard(testContext(cluster, (code) => warnings.push(code)))
    const release = board.hold()
    const seen: string[] = []
    board.subscribe('j1', ({ object }) => Reflect.get(trap(), object.kind ?? ''))
    board.subscribe('j1', ({ object }) => seen.push(object.metadata?.name ?? ''))
    await board.synced(new AbortController().signal)
    cluster.put(Job, { metadata: { name: 'j', uid: 'j1' } })
    await new Promise((resolve) => setImmediate(resolve))
    release()
    expect(seen).toEqual(['j'])
    expect(warnings).toEqual(['unexpected'])
  })

  it('in the caller’s callback affects no run', async () => {
    const emitted: string[] = []
    const onWarning = (warning: Error): unknown => emitted.push(warning.message)
    process.on('warning', onWarning)
    const cluster = createScriptedCluster()
    cluster.intercept = ({ verb, kind }) =>
      verb === 'watch' && kind === 'Pod' ? apiError(403, 'Forbidden', 'no') : undefined
    const { run } = await startOn(cluster, {
      onWarning() {
        throw new Error('the callback failed')
      },
    })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', onWarning)
    expect(emitted).toContain('the callback failed')
    await run.detach()
    await expect(run.outcome).rejects.toMatchObject({ code: 'detached' })
  })
})
