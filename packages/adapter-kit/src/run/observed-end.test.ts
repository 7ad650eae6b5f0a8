import { randomUUID } from 'node:crypto'
import type { ObservedEnd, ObservedRun, ProcessObserver, RunObserver } from '@agent-jobs/metrics'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { scriptAgent } from '../../test/script-agent.ts'
import { startScriptCluster, type ScriptCluster } from '../../test/script-cluster.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { createClusterPool } from '../cluster/cluster-pool.ts'
import { createAdapter, systemDependencies } from '../create-adapter.ts'
import type { AdapterLog } from '../observe/adapter-log.ts'

/** Keeps what an observer receives. */
function recorder() {
  const seen: {
    run: ObservedRun
    ends: ObservedEnd[]
    waits: boolean[]
    cleanUps: number[]
    gaps: string[]
    left: number
  }[] = []
  const requests: string[] = []
  const observer: RunObserver & ProcessObserver = {
    requested: ({ path }) => void requests.push(path),
    watchRestarted: () => undefined,
    begin(run) {
      const each = {
        run,
        ends: [] as ObservedEnd[],
        waits: [] as boolean[],
        cleanUps: [] as number[],
        gaps: [] as string[],
        left: 0,
      }
      seen.push(each)
      return {
        waiting: (isWaiting) => void each.waits.push(isWaiting),
        ended: async (end) => void each.ends.push(end),
        gap: (reason) => void each.gaps.push(reason),
        cleanedUp: (ms) => void each.cleanUps.push(ms),
        left: () => void (each.left += 1),
      }
    },
  }
  const entries: Record<string, unknown>[] = []
  const log: AdapterLog = { write: (event, fields) => void entries.push({ event, ...fields }) }
  return { seen, requests, entries, observer, log }
}

/** A script that reports success, or nothing at all. */
function agent(script: string, finished: boolean): AgentDefinition {
  const definition = scriptAgent(script)
  const createParser = () => {
    const parser = definition.createParser()
    return { ...parser, finished, end: () => ({ ...parser.end(), finished, result: finished ? 'done' : null }) }
  }
  return { ...definition, createParser }
}

describe('what metrics receive about a run', () => {
  let cluster: ScriptCluster
  beforeAll(async () => {
    cluster = await startScriptCluster()
  })
  afterAll(() => cluster.close())

  async function run(
    script: string,
    { config = {}, signal, finished = true }: { config?: object; signal?: AbortSignal; finished?: boolean } = {},
  ) {
    const { seen, requests, entries, observer, log } = recorder()
    const deps = systemDependencies({
      env: { ...process.env, ...cluster.env },
      records: () => null,
      clusters: createClusterPool({ env: cluster.env, observer }),
      observer,
      log,
    })
    const { ctx } = paperclipContext({
      runId: randomUUID(),
      agentId: randomUUID(),
      config: cluster.config({ paperclipProxy: false, ...config }),
      ...(signal === undefined ? {} : { signal }),
    })
    const result = await createAdapter(agent(script, finished), deps).execute(ctx)
    await deps.clusters.close()
    return { result, ctx, seen: seen[0], count: seen.length, requests, entries }
  }

  it('is its outcome, its usage and the time of its phases', async () => {
    const { result, ctx, seen, count } = await run("console.log('done')")
    expect(count).toBe(1)
    expect(seen?.run).toEqual({ adapter: 'caller_k8s', agentId: ctx.agent.id, companyId: ctx.agent.companyId })
    expect(seen?.ends).toHaveLength(1)
    expect(seen?.ends[0]).toMatchObject({
      outcome: 'succeeded',
      errorCode: result.errorCode ?? null,
      adopted: false,
      outputComplete: true,
      phases: {
        schedule: expect.any(Number),
        start: expect.any(Number),
        first_line: expect.any(Number),
        run: expect.any(Number),
      },
    })
    expect(seen?.ends[0]?.id).toMatch(/^[0-9a-f-]{36}$/)
    expect([seen?.left, seen?.waits, seen?.gaps]).toEqual([1, [], []])
    expect(seen?.cleanUps).toEqual([expect.any(Number)])
  })

  it('includes every request of the process', async () => {
    const { requests } = await run("console.log('done')")
    expect(requests).toContainEqual(expect.stringMatching(/\/namespaces\/agents\/jobs\b/))
    expect(requests).toContainEqual(expect.stringMatching(/\/log\b/))
  })

  it('is the code of the result when the run fails', async () => {
    const { result, seen } = await run('process.exit(3)', { finished: false })
    expect(result.errorCode).toBeTruthy()
    expect(seen?.ends).toMatchObject([{ outcome: 'exited', errorCode: result.errorCode }])
  })

  it('is "not_started" for a run that is refused before it has a Job', async () => {
    const { result, ctx, seen } = await run('', { config: { timeoutSec: 'soon' } })
    expect(seen?.ends).toMatchObject([
      { id: `run ${ctx.runId}`, outcome: 'not_started', errorCode: result.errorCode, costUsd: null },
    ])
    expect(result.errorCode).toBe('invalid_config')
  })

  it('reports no end when another server owns the run', async () => {
    const { seen } = await run('', { signal: AbortSignal.abort(new Error('run lease lost')) })
    expect([seen?.ends, seen?.left]).toEqual([[], 1])
  })

  it('is in the log as events with the ids of the run, and without its output', async () => {
    const { entries, ctx } = await run("console.log('done')")
    expect(entries.map(({ event }) => event)).toEqual(['run.began', 'job.created', 'run.ended', 'job.removed'])
    for (const entry of entries) {
      expect(entry).toMatchObject({ runId: ctx.runId, agentId: ctx.agent.id, adapter: 'caller_k8s' })
    }
    expect(entries[2]).toMatchObject({
      outcome: 'succeeded',
      code: null,
      job: expect.any(String),
      pod: expect.any(String),
    })
    expect(JSON.stringify(entries)).not.toContain('done')
  })

  it('is in the log with its code when it fails, and as released when another server owns it', async () => {
    const refused = await run('', { config: { timeoutSec: 'soon' } })
    expect(refused.entries).toMatchObject([{ event: 'run.began' }, { event: 'run.ended', code: 'invalid_config' }])
    const released = await run('', { signal: AbortSignal.abort(new Error('run lease lost')) })
    expect(released.entries.at(-1)).toMatchObject({ event: 'run.released' })
  })
})
