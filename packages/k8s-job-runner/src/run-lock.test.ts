import { createManualClock } from '@agent-jobs/primitives'
import { describe, expect, it } from 'vitest'
import {
  apiError,
  createScriptedCluster,
  Job,
  lostAnswer,
  Pod,
  Secret,
  type Call,
  type ScriptedCluster,
} from '../test/support/scripted-cluster.ts'
import { frames } from '../test/support/world.ts'
import { createJobRunner, type JobRunnerOptions } from './job-runner.ts'
import { buildManifest } from './manifest.ts'
import { tearDown } from './tear-down.ts'
import type { RunnerContext } from './runner-context.ts'
import type { RunRequest } from './run-request.ts'

const namespace = 'default'

function stage(options: Partial<JobRunnerOptions> = {}) {
  const cluster = createScriptedCluster()
  const clock = createManualClock()
  const warnings: string[] = []
  const runner = createJobRunner({
    client: cluster.client,
    namespace,
    clock,
    random: () => 0.5,
    onWarning: ({ code }) => warnings.push(code),
    ...options,
  })
  /** Starts a run and moves the clock; returns how it ended and after how long. */
  async function start(request: RunRequest, ms: number) {
    const settled: number[] = []
    const began = clock.now()
    const result = runner.start(request).then(
      (run) => ({ kind: 'started', run, code: undefined }) as const,
      (error: unknown) =>
        ({ kind: 'refused', run: undefined, code: Reflect.get(Object(error), 'code') as string, error }) as const,
    )
    const done = result.then(() => settled.push(clock.now() - began))
    for (let waited = 0; waited < ms && settled.length === 0; waited += 500) await clock.advance(500)
    await done
    return { ...(await result), afterMs: settled[0] ?? 0 }
  }
  return { cluster, clock, runner, warnings, start }
}

/** Creates the Secret and, by default, the Job and the pod of another run of a key. */
function holder(cluster: ScriptedCluster, key: string, o: { job?: object | null; pod?: object | null } = {}) {
  const { secret, job } = buildManifest(frames(['x'], { key, runId: 'holder' }), namespace)
  cluster.put(Secret, { ...secret, metadata: { ...secret.metadata, uid: 'secret-1', resourceVersion: '1' } })
  if (o.job !== null) cluster.put(Job, { ...job, metadata: { ...job.metadata, uid: 'job-1' }, ...o.job })
  if (o.pod !== null && o.pod !== undefined) {
    const { labels } = job.spec?.template.metadata ?? {}
    cluster.put(Pod, { metadata: { name: 'p', uid: 'pod-1', labels }, spec: job.spec?.template.spec, ...o.pod })
  }
  return { name: secret.metadata?.name ?? '' }
}

const deletesOf = (calls: readonly Call[], kind: string) =>
  calls.filter((call) => call.verb === 'delete' && call.kind === kind).map(({ preconditions }) => preconditions)
const finished = { status: { conditions: [{ type: 'Complete', status: 'True' }] } }

describe('a run lock', () => {
  it('is taken from a dead holder by the uid and the version that were checked', async () => {
    const { cluster, start } = stage()
    holder(cluster, 'k', { job: finished })
    expect(await start(frames(['x'], { key: 'k' }), 5_000)).toMatchObject({ kind: 'started' })
    expect(deletesOf(cluster.calls, 'Secret')).toEqual([{ uid: 'secret-1', resourceVersion: '1' }])
  })

  it.each([
    ['another Secret of that name', { uid: 'secret-2', resourceVersion: '1' }],
    ['a newer version of it', { uid: 'secret-1', resourceVersion: '2' }],
  ])('is not taken when it has become %s since it was checked', async (_, metadata) => {
    const { cluster, start } = stage()
    const { name } = holder(cluster, 'k', { job: finished })
    let swapped = false
    cluster.intercept = ({ verb, kind }) => {
      if (swapped || verb !== 'delete' || kind !== 'Secret') return undefined
      swapped = true
      // The next run of the key has taken the lock at this very moment, and is running.
      const next = buildManifest(frames(['x'], { key: 'k', runId: 'next' }), namespace)
      cluster.put(Secret, { ...next.secret, metadata: { ...next.secret.metadata, ...metadata } })
      cluster.put(Job, { ...next.job, metadata: { ...next.job.metadata, uid: 'job-2' } })
      return undefined
    }
    expect(await start(frames(['x'], { key: 'k' }), 5_000)).toMatchObject({ code: 'run_locked' })
    expect(cluster.read(Secret, name)?.metadata).toMatchObject(metadata)
  })

  it('of a holder that never ends is awaited, but no longer than the handover limit', async () => {
    const { cluster, start } = stage({ handoverMs: 20_000 })
    const pod = {
      metadata: { name: 'p', uid: 'pod-1', deletionTimestamp: '2026-01-01T00:00:00Z' },
      status: { phase: 'Running' },
    }
    const { job } = buildManifest(frames(['x'], { key: 'k', runId: 'holder' }), namespace)
    const labels = job.spec?.template.metadata?.labels
    holder(cluster, 'k', { pod: { ...pod, metadata: { ...pod.metadata, labels } } })
    const result = await start(frames(['x'], { key: 'k' }), 60_000)
    expect(result).toMatchObject({ kind: 'refused', code: 'run_locked' })
    expect(result.afterMs).toBeGreaterThanOrEqual(20_000)
    expect(result.afterMs).toBeLessThan(25_000)
    expect(deletesOf(cluster.calls, 'Secret')).toEqual([])
  })

  it('of a holder that is running is refused at once', async () => {
    const { cluster, start } = stage()
    holder(cluster, 'k')
    expect(await start(frames(['x'], { key: 'k' }), 60_000)).toMatchObject({ code: 'run_locked', afterMs: 0 })
  })

  it('without a Job is taken only after it has been idle long enough', async () => {
    const { cluster, start } = stage({ abandonedMs: 15_000 })
    holder(cluster, 'k', { job: null })
    const result = await start(frames(['x'], { key: 'k' }), 60_000)
    expect(result).toMatchObject({ kind: 'started' })
    expect(result.afterMs).toBeGreaterThanOrEqual(15_000)
    expect(deletesOf(cluster.calls, 'Secret')).toEqual([{ uid: 'secret-1', resourceVersion: '1' }])
  })

  it('without a Job that changes in the meantime gets its full time again', async () => {
    const { cluster, clock, start } = stage({ abandonedMs: 15_000 })
    const { name } = holder(cluster, 'k', { job: null })
    const result = start(frames(['x'], { key: 'k' }), 60_000)
    await clock.advance(10_000)
    const changed = cluster.read(Secret, name)
    cluster.put(Secret, { ...changed, metadata: { ...changed?.metadata, resourceVersion: '2' } })
    const { afterMs } = await result
    expect(afterMs).toBeGreaterThanOrEqual(25_000)
    expect(deletesOf(cluster.calls, 'Secret')).toEqual([{ uid: 'secret-1', resourceVersion: '2' }])
  })

  it('is released by its uid when the Job is refused', async () => {
    const { cluster, start } = stage()
    cluster.intercept = ({ verb, kind }) =>
      verb === 'create' && kind === 'Job' ? apiError(403, 'Forbidden') : undefined
    const request = frames(['x'])
    expect(await start(request, 5_000)).toMatchObject({ code: 'refused' })
    expect(deletesOf(cluster.calls, 'Secret')).toEqual([{ uid: expect.stringMatching(/^uid-/) }])
  })

  it('is kept when the Job is refused after an answer was lost: the Job may exist', async () => {
    const { cluster, start } = stage()
    let attempts = 0
    cluster.intercept = ({ verb, kind }) => {
      if (verb !== 'create' || kind !== 'Job') return undefined
      attempts += 1
      return attempts === 1 ? lostAnswer() : apiError(403, 'Forbidden')
    }
    expect(await start(frames(['x']), 30_000)).toMatchObject({ code: 'refused' })
    expect(attempts).toBe(2)
    expect(deletesOf(cluster.calls, 'Secret')).toEqual([])
  })

  it('that passes to another process while the Job is made ends the start, and only its own Job is removed', async () => {
    const { cluster, start } = stage()
    cluster.intercept = ({ verb, kind, name }) => {
      if (verb !== 'create' || kind !== 'Job') return undefined
      const secret = cluster.calls.find((call) => call.verb === 'create' && call.kind === 'Secret')
      const taken = cluster.read(Secret, secret?.name ?? '')
      cluster.put(Secret, { ...taken, metadata: { ...taken?.metadata, uid: 'thief' } })
      expect(name).not.toBe('')
      return undefined
    }
    expect(await start(frames(['x']), 5_000)).toMatchObject({ code: 'lock_lost' })
    expect(deletesOf(cluster.calls, 'Job')).toEqual([{ uid: expect.stringMatching(/^uid-/) }])
    expect(deletesOf(cluster.calls, 'Secret')).toEqual([])
  })
})

describe('a refusal of the API server', () => {
  const failing =
    'Internal error occurred: failed calling webhook "mjob.kb.io": failed to call webhook: Post "https://x": context deadline exceeded'

  it('by a webhook that does not answer is retried for the whole start budget', async () => {
    const { cluster, clock, start } = stage({ submitTimeoutMs: 60_000 })
    cluster.intercept = ({ verb, kind }) =>
      verb === 'create' && kind === 'Job' && clock.now() < 300_000 ? apiError(500, 'InternalError', failing) : undefined
    const result = await start(frames(['x']), 400_000)
    expect(result.kind).toBe('started')
    expect(result.afterMs).toBeGreaterThanOrEqual(300_000)
  })

  it('by a webhook that never answers names it once the budget is spent', async () => {
    const { cluster, start } = stage()
    cluster.intercept = ({ verb, kind }) =>
      verb === 'create' && kind === 'Job' ? apiError(500, 'InternalError', failing) : undefined
    const result = await start(frames(['x'], { start: { budgetSeconds: 100 } }), 400_000)
    expect(result).toMatchObject({ code: 'refused', error: { message: expect.stringContaining('mjob.kb.io') } })
    expect(result.afterMs).toBeLessThan(110_000)
  })

  it('for a full quota is reported at once, as retryable', async () => {
    const { cluster, start } = stage()
    const full = 'jobs.batch "x" is forbidden: exceeded quota: q, requested: count/jobs.batch=1, used: 1, limited: 1'
    cluster.intercept = ({ verb, kind }) =>
      verb === 'create' && kind === 'Job' ? apiError(403, 'Forbidden', full) : undefined
    const result = await start(frames(['x']), 60_000)
    expect(result).toMatchObject({ code: 'refused', afterMs: 0, error: { retryable: true } })
  })

  it('of an API server that does not answer is retried for a limited time and then reported as unknown', async () => {
    const { cluster, start } = stage({ submitTimeoutMs: 30_000 })
    cluster.intercept = ({ verb, kind }) =>
      verb === 'create' && kind === 'Secret' ? apiError(503, 'Unavailable') : undefined
    const result = await start(frames(['x']), 120_000)
    expect(result).toMatchObject({ code: 'unreachable', error: { retryable: true } })
    expect(result.afterMs).toBeGreaterThanOrEqual(30_000)
    expect(result.afterMs).toBeLessThan(40_000)
  })
})

describe('the tear-down of a run', () => {
  async function tearDownKept(prepare: (cluster: ScriptedCluster, name: string) => void) {
    const cluster = createScriptedCluster()
    const { name } = holder(cluster, 'k', { job: finished })
    const { job } = buildManifest(frames(['x'], { key: 'k', runId: 'holder' }), namespace)
    prepare(cluster, name)
    const context = {
      client: cluster.client,
      namespace,
      clock: createManualClock(),
      random: () => 0.5,
      warn: () => undefined,
    }
    const outcome = {
      kind: 'succeeded',
      code: 'succeeded',
      exitCode: 0,
      signal: null,
      source: 'end_record',
      notes: [],
    } as const
    const mine = { ...job, metadata: { ...job.metadata, uid: 'job-1' } }
    await tearDown(context as unknown as RunnerContext, mine, outcome, { retain: true, secret: name })
    return { cluster, name }
  }

  it('that is kept removes its Secret by uid and version', async () => {
    const { cluster } = await tearDownKept(() => undefined)
    expect(deletesOf(cluster.calls, 'Secret')).toEqual([{ uid: 'secret-1', resourceVersion: '1' }])
    expect(deletesOf(cluster.calls, 'Job')).toEqual([])
  })

  it('that is kept leaves the Secret of the next run alone', async () => {
    const { cluster, name } = await tearDownKept((prepared) => {
      const next = buildManifest(frames(['x'], { key: 'k', runId: 'next' }), namespace).secret
      prepared.put(Secret, { ...next, metadata: { ...next.metadata, uid: 'secret-2', resourceVersion: '7' } })
    })
    expect(deletesOf(cluster.calls, 'Secret')).toEqual([])
    expect(cluster.read(Secret, name)?.metadata?.uid).toBe('secret-2')
  })

  it('that is kept leaves a Secret alone that passes to the next run at that moment', async () => {
    const { cluster, name } = await tearDownKept((prepared, secretName) => {
      prepared.intercept = ({ verb, kind }) => {
        if (verb === 'delete' && kind === 'Secret') {
          const next = buildManifest(frames(['x'], { key: 'k', runId: 'next' }), namespace).secret
          prepared.put(Secret, {
            ...next,
            metadata: { ...next.metadata, name: secretName, uid: 'secret-2', resourceVersion: '7' },
          })
        }
        return undefined
      }
    })
    expect(cluster.read(Secret, name)?.metadata?.uid).toBe('secret-2')
  })
})
