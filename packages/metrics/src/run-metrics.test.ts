import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { array, assert, asyncProperty, constantFrom, integer, nat, record } from 'fast-check'
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { createRunMetrics } from './run-metrics.ts'
import type { ObservedEnd, ObservedRun } from './run-observer.ts'
import { openTotalsFile } from './totals-file.ts'

const run: ObservedRun = { adapter: 'claude_k8s', agentId: 'a1', companyId: 'c1' }
const end: ObservedEnd = {
  id: 'job-1',
  outcome: 'succeeded',
  errorCode: null,
  model: 'sonnet',
  usage: { inputTokens: 10, outputTokens: 5, cacheReadInputTokens: 2, cacheCreationInputTokens: 1 },
  costUsd: 0.25,
  adopted: false,
  outputComplete: true,
  phases: { start: 40, run: 9_000 },
}
const noError = (error: unknown) => {
  throw error
}
const freshFile = async () => join(await mkdtemp(join(tmpdir(), 'metrics-')), 'metrics', 'totals.json')

async function open(path?: string, maxLabelValues?: number) {
  const registry = new Registry()
  const file = path === undefined ? undefined : openTotalsFile(path)
  const metrics = await createRunMetrics({ registry, file, maxLabelValues, onError: noError })
  return { registry, metrics, text: () => registry.metrics() }
}

/** The value of each series of a metric, by its labels. */
async function series(registry: Registry, name: string): Promise<Record<string, number>> {
  const found = (await registry.getMetricsAsJSON()).find((metric) => metric.name === name)
  return Object.fromEntries((found?.values ?? []).map(({ labels, value }) => [Object.values(labels).join('|'), value]))
}
const sum = (values: Record<string, number>) => Object.values(values).reduce((total, value) => total + value, 0)

describe('the metrics of runs', () => {
  it('count a run with its outcome, tokens and cost', async () => {
    const { registry, metrics } = await open()
    await metrics.begin(run).ended(end)
    await metrics.begin(run).ended({
      ...end,
      id: 'job-2',
      outcome: 'evicted',
      errorCode: 'k8s_pod_evicted',
      outputComplete: false,
      adopted: true,
    })
    expect(await series(registry, 'agent_jobs_runs_total')).toEqual({
      'claude_k8s|succeeded|': 1,
      'claude_k8s|evicted|k8s_pod_evicted': 1,
    })
    expect(await series(registry, 'agent_jobs_tokens_total')).toEqual({
      'claude_k8s|c1|a1|sonnet|input': 20,
      'claude_k8s|c1|a1|sonnet|output': 10,
      'claude_k8s|c1|a1|sonnet|cache_read': 4,
      'claude_k8s|c1|a1|sonnet|cache_creation': 2,
    })
    expect(await series(registry, 'agent_jobs_cost_usd_total')).toEqual({ 'claude_k8s|c1|a1|sonnet': 0.5 })
    expect(await series(registry, 'agent_jobs_adopted_runs_total')).toEqual({ claude_k8s: 1 })
    expect(await series(registry, 'agent_jobs_incomplete_outputs_total')).toEqual({ claude_k8s: 1 })
  })

  it('observe each phase that a run had', async () => {
    const { metrics, text } = await open()
    await metrics.begin(run).ended(end)
    expect(await text()).toContain('agent_jobs_run_phase_seconds_sum{adapter="claude_k8s",phase="run"} 9\n')
    expect(await text()).toContain('agent_jobs_run_phase_seconds_sum{adapter="claude_k8s",phase="start"} 0.04\n')
    expect(await text()).not.toContain('phase="queue"')
  })

  it('observe how long a run waited for another one', async () => {
    let now = 0
    const registry = new Registry()
    const metrics = await createRunMetrics({ registry, now: () => now, onError: noError })
    const observed = metrics.begin(run)
    observed.waiting(true)
    now = 5_000
    observed.waiting(false)
    await observed.ended(end)
    expect(await registry.metrics()).toContain(
      'agent_jobs_run_phase_seconds_sum{adapter="claude_k8s",phase="wait"} 5\n',
    )
  })

  it('show how many runs wait and how many are live', async () => {
    const { registry, metrics } = await open()
    const active = () => series(registry, 'agent_jobs_active_runs')
    const [first, second] = [metrics.begin(run), metrics.begin(run)]
    second.waiting(true)
    second.waiting(true)
    expect(await active()).toEqual({ 'claude_k8s|live': 1, 'claude_k8s|waiting': 1 })
    second.waiting(false)
    expect(await active()).toEqual({ 'claude_k8s|live': 2, 'claude_k8s|waiting': 0 })
    first.left()
    await second.ended(end)
    second.waiting(true)
    expect(await active()).toEqual({ 'claude_k8s|live': 0, 'claude_k8s|waiting': 0 })
  })

  it('count a Job once, also when another process reports its end again', async () => {
    const path = await freshFile()
    const first = await open(path)
    await first.metrics.begin(run).ended(end)
    await first.metrics.begin(run).ended(end)
    const second = await open(path)
    await second.metrics.begin(run).ended({ ...end, adopted: true })
    expect(await series(second.registry, 'agent_jobs_runs_total')).toEqual({ 'claude_k8s|succeeded|': 1 })
  })

  it('stay exact over any number of restarts', async () => {
    const arbitrary = record({
      model: constantFrom('a', 'b', null),
      usage: record({
        inputTokens: nat(),
        outputTokens: nat(),
        cacheReadInputTokens: nat(),
        cacheCreationInputTokens: nat(),
      }),
      costCents: integer({ min: 0, max: 999 }),
      restart: constantFrom(true, false),
    })
    await assert(
      asyncProperty(array(arbitrary, { minLength: 1, maxLength: 12 }), async (runs) => {
        const path = await freshFile()
        let opened = await open(path)
        for (const [at, { model, usage, costCents, restart }] of runs.entries()) {
          await opened.metrics.begin(run).ended({ ...end, id: `job-${at}`, model, usage, costUsd: costCents / 100 })
          if (restart) opened = await open(path)
        }
        const { registry } = opened
        expect(sum(await series(registry, 'agent_jobs_runs_total'))).toBe(runs.length)
        expect(sum(await series(registry, 'agent_jobs_tokens_total'))).toBe(
          sum(Object.fromEntries(runs.map(({ usage }, at) => [at, sum(usage)]))),
        )
        const cents = runs.reduce((total, { costCents }) => total + costCents, 0)
        expect(sum(await series(registry, 'agent_jobs_cost_usd_total'))).toBeCloseTo(cents / 100, 9)
      }),
      { numRuns: 30 },
    )
  })

  it('bound the values of labels that agents choose, also after a restart', async () => {
    const path = await freshFile()
    const models = async (from: number, count: number) => {
      const opened = await open(path, 3)
      for (let at = from; at < from + count; at++) {
        await opened.metrics.begin(run).ended({ ...end, id: `job-${at}`, model: `model-${at}` })
      }
      return Object.keys(await series(opened.registry, 'agent_jobs_cost_usd_total')).map((key) => key.split('|').at(-1))
    }
    expect(await models(0, 5)).toEqual(['model-0', 'model-1', 'model-2', 'other'])
    expect(await models(4, 3)).toEqual(['model-0', 'model-1', 'model-2', 'other'])
  })

  it('never fail a run when the file cannot be written', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'metrics-')), 'file')
    await writeFile(path, '')
    const errors: unknown[] = []
    const registry = new Registry()
    const file = openTotalsFile(join(path, 'totals.json'))
    await expect(createRunMetrics({ registry, file, onError: (error) => errors.push(error) })).rejects.toThrow(
      'ENOTDIR',
    )
    const broken = { load: () => Promise.resolve(null), save: () => Promise.reject(new Error('disk full')) }
    const metrics = await createRunMetrics({
      registry: new Registry(),
      file: broken,
      onError: (error) => errors.push(error),
    })
    await metrics.begin(run).ended(end)
    expect(errors).toEqual([new Error('disk full')])
  })
})

describe('the totals file', () => {
  it('shares one write between calls during another write, and loses none', async () => {
    const path = await freshFile()
    const { metrics } = await open(path)
    await Promise.all(Array.from({ length: 50 }, (_, at) => metrics.begin(run).ended({ ...end, id: `job-${at}` })))
    const { jobs } = JSON.parse(await readFile(path, 'utf8')) as { jobs: string[] }
    expect(jobs).toHaveLength(50)
  })

  it('writes again after a failed write', async () => {
    const path = await freshFile()
    const file = openTotalsFile(path)
    const failing = file.save(() => {
      throw new Error('no snapshot')
    })
    const after = file.save(() => ({ version: 1, counters: {} as never, jobs: ['x'] }))
    await expect(failing).rejects.toThrow('no snapshot')
    await after
    expect(await file.load()).toMatchObject({ jobs: ['x'] })
  })

  it.each([
    ['half a file', '{"version":1,"coun'],
    ['another version', '{"version":2,"counters":{},"jobs":[]}'],
    ['a negative count', '{"version":1,"counters":{"runs_total":[{"labels":{},"value":-1}]},"jobs":[]}'],
    ['labels that are not strings', '{"version":1,"counters":{"runs_total":[{"labels":{"a":1},"value":1}]},"jobs":[]}'],
  ])('refuses %s by name', async (_what, text) => {
    const path = join(await mkdtemp(join(tmpdir(), 'metrics-')), 'totals.json')
    await writeFile(path, text)
    await expect(openTotalsFile(path).load()).rejects.toMatchObject({
      code: 'totals_invalid',
      message: expect.stringContaining(path),
    })
  })
})
