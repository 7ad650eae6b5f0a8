import type { Outcome, RunEvent, RunHandle } from '@agent-jobs/k8s-job-runner'
import { startMiniKube, type MiniKube } from '@agent-jobs/mini-kube'
import { createManualClock } from '@agent-jobs/primitives'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { scriptAgent } from '../../test/script-agent.ts'
import { createClusterPool } from '../cluster/cluster-pool.ts'
import { systemDependencies } from '../create-adapter.ts'
import { executeRun } from './execute-run.ts'

const cursor = { version: 1, framing: 'launcher', next: 0 } as const
const succeeded = {
  kind: 'succeeded',
  code: 'succeeded',
  exitCode: 0,
  signal: null,
  source: 'end_record',
  notes: [],
} as const satisfies Outcome

function handle(): RunHandle {
  async function* events(): AsyncGenerator<RunEvent> {
    for (const phase of ['submitted', 'pending', 'running'] as const)
      yield { type: 'phase', phase, message: phase, at: 0 }
    for (const [seq, text] of ['one', 'two', 'three'].entries()) {
      yield { type: 'line', stream: 'stdout', text, bytes: text.length, seq, time: 0, cursor }
    }
    yield { type: 'phase', phase: 'ended', message: 'ended', at: 0 }
    yield { type: 'output', verdict: 'complete' }
    yield { type: 'outcome', outcome: succeeded }
  }
  return {
    job: { name: 'job', namespace: 'default', uid: crypto.randomUUID() },
    pod: undefined,
    runId: 'r',
    key: 'k',
    events: events(),
    outcome: Promise.resolve(succeeded),
    settled: Promise.resolve(),
    timings: {},
    cancel: async () => 'gone',
    finished: async () => undefined,
    detach: async () => undefined,
  }
}

const callbacks = ['onLog', 'onEvent', 'onMeta', 'onRuntimeProgress', 'onCancellationReady'] as const

describe('a run whose host fails', () => {
  let cluster: MiniKube
  const rejections: unknown[] = []
  const onRejection = (reason: unknown): void => void rejections.push(reason)
  beforeAll(async () => {
    cluster = await startMiniKube()
    process.on('unhandledRejection', onRejection)
  })
  afterAll(async () => {
    process.off('unhandledRejection', onRejection)
    await cluster.close()
  })

  /** Runs an agent while the calls of one callback reject, from its nth call on, for a time or once. */
  async function run(name: (typeof callbacks)[number], nth: number, forMs: number) {
    const clock = createManualClock()
    const env = { KUBERNETES_SERVICE_HOST: '' }
    const pool = createClusterPool({ env })
    const warnings: string[] = []
    const real = pool.get(cluster.kubeConfig())
    const deps = systemDependencies({
      env,
      clock,
      records: () => null,
      onWarning: (message) => void warnings.push(message),
      clusters: {
        get: () => ({ ...real, runner: (namespace) => ({ ...real.runner(namespace), start: async () => handle() }) }),
        close: () => pool.close(),
      },
    })
    const { ctx, told } = paperclipContext({
      adapterType: 'caller_k8s',
      config: { image: 'agent:1', namespace: 'default' },
    })
    let calls = 0
    let until: number | null = null
    const fail = (): void => {
      calls += 1
      if (calls === nth) until = clock.now() + forMs
      if (until !== null && (calls === nth || clock.now() < until)) throw new Error('the database is paused')
    }
    const events: string[] = []
    const whole: AdapterExecutionContext = { ...ctx, onEvent: async ({ message }) => void events.push(message ?? '') }
    const failing: Partial<AdapterExecutionContext> = {
      onLog: async (...given) => {
        fail()
        await whole.onLog(...given)
      },
      onEvent: async (...given) => {
        fail()
        await whole.onEvent?.(...given)
      },
      onMeta: async (...given) => {
        fail()
        await whole.onMeta?.(...given)
      },
      onRuntimeProgress: async (...given) => {
        fail()
        await whole.onRuntimeProgress?.(...given)
      },
      onCancellationReady: async () => {
        fail()
        await whole.onCancellationReady?.()
      },
    }
    const work = executeRun(scriptAgent(''), deps, { ...whole, [name]: failing[name] })
    const state = { isDone: false }
    const done = work.finally(() => {
      state.isDone = true
    })
    while (!state.isDone) await clock.advance(250)
    const result = await done
    await deps.clusters.close()
    const log = told.log.map(({ chunk }) => chunk).join('')
    return { result, log, events, progress: told.progress, order: told.order, warnings, calls, elapsed: clock.now() }
  }

  const counts = { onLog: 6, onEvent: 6, onMeta: 1, onRuntimeProgress: 4, onCancellationReady: 1 }
  const cases = callbacks.flatMap((name) =>
    Array.from({ length: counts[name] }, (_, index) => index + 1).flatMap((nth) => [
      { name, nth, ms: 0 },
      { name, nth, ms: 30_000 },
    ]),
  )

  it.each(cases)(
    'keeps its outcome and loses nothing when call $nth of $name fails for $ms ms',
    async ({ name, nth, ms }) => {
      const { result, log, events, progress, order, warnings, calls, elapsed } = await run(name, nth, ms)
      expect(calls).toBeGreaterThanOrEqual(nth + 1)
      expect(elapsed).toBeGreaterThanOrEqual(ms)
      expect(result).toMatchObject({ exitCode: 0, summary: 'one\ntwo\nthree\n' })
      expect(log.slice(log.indexOf('\none') + 1)).toBe('one\ntwo\nthree\n')
      expect(events).toEqual([
        'Created Job job',
        'submitted',
        'pending',
        'running',
        'ended',
        'Job job ended: succeeded',
      ])
      expect(progress.map((text) => text.replace(/ \(since .*\)$/, ''))).toEqual([
        'submitted',
        'pending',
        'running',
        'ended',
      ])
      expect(order).toEqual(expect.arrayContaining(['ready', 'meta', 'dispatch']))
      expect(warnings).toEqual([expect.stringContaining(`(${name}): the database is paused`)])
      expect(rejections).toEqual([])
    },
  )
})
