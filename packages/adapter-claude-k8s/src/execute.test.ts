import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { paperclipContext, type Told } from '@agent-jobs/adapter-kit/testing'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { miniPaperclip, type MiniPaperclip } from './testing/mini-paperclip.ts'

const text = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

describe('a Paperclip run on the embedded cluster, with the real Claude Code', () => {
  let place: MiniPaperclip
  beforeAll(async () => {
    place = await miniPaperclip()
  })
  afterAll(() => place.close())

  it('gives a result, a transcript and a session, and leaves nothing behind', async () => {
    const agentId = randomUUID()
    const { ctx, told } = paperclipContext({ runId: randomUUID(), agentId, config: place.config('tool') })
    const result = await place.adapter().execute(ctx)
    expect(result, text(told)).toMatchObject({
      exitCode: 0,
      usageBasis: 'per_run',
      billingType: 'api',
      resultJson: { agentJob: { outputComplete: true } },
    })
    expect(result.summary).toContain('The command said')
    expect(told.order).toEqual(['ready', 'meta', 'dispatch'])
    expect(told.meta[0]).toMatchObject({
      adapterType: 'claude_local',
      command: expect.stringMatching(/^kubectl job\/ac-/),
    })
    expect(JSON.stringify(told)).not.toMatch(/sk-ant-test|run-token-0123456789|postgres:/)
  })

  it('continues a session, and brings changed instructions into it', async () => {
    const agentId = randomUUID()
    const adapter = place.adapter()
    const instructionsFilePath = join(place.folder, 'AGENTS.md')
    writeFileSync(instructionsFilePath, 'First instructions.')
    const config = place.config('text', { instructionsFilePath })
    const first = await adapter.execute(paperclipContext({ runId: randomUUID(), agentId, config }).ctx)
    writeFileSync(instructionsFilePath, 'Second instructions.')
    const again = paperclipContext({
      runId: randomUUID(),
      agentId,
      config,
      runtime: { sessionParams: first.sessionParams ?? null },
    })
    const second = await adapter.execute(again.ctx)
    expect(second, text(again.told)).toMatchObject({ exitCode: 0, sessionId: first.sessionId })
    expect(second.sessionParams?.['promptBundleKey']).not.toBe(first.sessionParams?.['promptBundleKey'])
    expect(second.summary).toContain('turn 2')
  })

  it('refuses a configuration by name before it creates anything', async () => {
    const { ctx, told } = paperclipContext({
      config: place.config('text', { tolerations: 'a=b:Never', timeoutSec: 'soon' }),
    })
    expect(await place.adapter().execute(ctx)).toMatchObject({
      errorCode: 'invalid_config',
      errorMessage: expect.stringMatching(/"tolerations".*"timeoutSec"|"timeoutSec".*"tolerations"/),
      executionRecovery: { kind: 'bootstrap', providerWorkStarted: false },
      resultJson: { conversationContinuation: 'continue_conversation_v1' },
    })
    expect(told.order).toEqual(['ready'])
  })

  it('keeps a second task of the agent out, or lets it wait', async () => {
    const agentId = randomUUID()
    const adapter = place.adapter()
    const started = Promise.withResolvers<void>()
    const stop = new AbortController()
    const busy = paperclipContext({
      runId: randomUUID(),
      agentId,
      config: place.config('hang'),
      signal: stop.signal,
      onLog: async (_stream, chunk) => {
        if (chunk.includes('"subtype":"init"')) started.resolve()
      },
    })
    const running = adapter.execute(busy.ctx)
    await started.promise
    const other = { runId: randomUUID(), agentId, taskId: randomUUID() }
    const refused = paperclipContext({ ...other, config: place.config('text') })
    expect(await adapter.execute(refused.ctx)).toMatchObject({ errorCode: 'k8s_concurrent_run_blocked' })
    const waiting = Promise.withResolvers<void>()
    const patient = paperclipContext({
      ...other,
      runId: randomUUID(),
      config: place.config('text', { waitForConcurrent: 'true' }),
      onLog: async (_stream, chunk) => {
        if (chunk.includes('Waiting for concurrent Job(s)')) waiting.resolve()
      },
    })
    const patientRun = adapter.execute(patient.ctx)
    await waiting.promise
    stop.abort(new Error('Cancelled by a board operator'))
    expect(await running, text(busy.told)).toMatchObject({
      errorCode: 'cancelled',
      executionRecovery: { kind: 'interrupted' },
      resultJson: { executionCancellation: { state: 'acknowledged' } },
    })
    expect(await patientRun, text(patient.told)).toMatchObject({ exitCode: 0 })
  })

  it('lets isolated runs of one agent run side by side', async () => {
    const agentId = randomUUID()
    const adapter = place.adapter()
    const run = (key: string) => {
      const config = place.config('text', {
        k8sRunIsolation: { mode: 'isolated', key, homeRoot: join(place.folder, key) },
      })
      return adapter.execute(paperclipContext({ runId: randomUUID(), agentId, taskId: randomUUID(), config }).ctx)
    }
    const results = await Promise.all([run('a'), run('b')])
    expect(results.map(({ errorMessage, exitCode }) => errorMessage ?? exitCode)).toEqual([0, 0])
  })

  it('adopts the Job of a server that died, with all of its output, once', async () => {
    const agentId = randomUUID()
    const lost = new AbortController()
    const first = paperclipContext({
      runId: randomUUID(),
      agentId,
      config: place.config('drip'),
      signal: lost.signal,
      onLog: async (_stream, chunk) => {
        if (chunk.includes('"subtype":"init"')) lost.abort(new Error('Legacy controller lease lost'))
      },
    })
    const dead = { followed: new Set<string>(), reported: new Set<string>() }
    expect(await place.adapter(dead).execute(first.ctx), text(first.told)).toMatchObject({
      errorCode: 'k8s_run_detached',
    })
    const records = place.deps.records('claude_k8s')
    expect((await records?.list())?.map(({ runId }) => runId)).toEqual([first.ctx.runId])
    const second = paperclipContext({ runId: randomUUID(), agentId, config: place.config('drip') })
    const result = await place.adapter().execute(second.ctx)
    expect(result, text(second.told)).toMatchObject({
      exitCode: 0,
      resultJson: { agentJob: { adoptedFromRun: first.ctx.runId, outputComplete: true } },
    })
    const lines = text(second.told)
      .split('\n')
      .filter((line) => line.startsWith('{'))
    expect(new Set(lines).size).toBe(lines.length)
    expect(lines.filter((line) => line.includes('"subtype":"init"'))).toHaveLength(1)
    const left = (await records?.list()) ?? []
    expect(left.filter(({ reported }) => reported !== true)).toEqual([])
  })

  it('fails closed when it cannot see whether the agent is still at work', async () => {
    const { ctx } = paperclipContext({ config: place.config('text', { namespace: 'nowhere' }) })
    const result = await place.adapter().execute(ctx)
    expect(result.errorCode).toMatch(/^k8s_(?:job_create_failed|concurrency_guard_unreachable)$/)
    const { items } = await place.client.list(kinds.Job, { namespace: 'nowhere' })
    expect(items).toEqual([])
  })

  it('takes the result of a Job that ended while no server was there, when the adapter itself asked for the run', async () => {
    const agentId = randomUUID()
    const lost = new AbortController()
    const first = paperclipContext({
      runId: randomUUID(),
      agentId,
      config: place.config('drip'),
      signal: lost.signal,
      onLog: async (_stream, chunk) => {
        if (chunk.includes('"subtype":"init"')) lost.abort(new Error('Legacy controller lease lost'))
      },
    })
    const dead = { followed: new Set<string>(), reported: new Set<string>() }
    await place.adapter(dead).execute(first.ctx)
    const ended = new AbortController()
    const watch = { namespace: 'paperclip', labelSelector: `paperclip.io/agent-id=${agentId}`, signal: ended.signal }
    for await (const event of place.client.listWatch(kinds.Job, watch)) {
      if (event.type !== 'synced' && event.object.status?.conditions?.some(({ type }) => type === 'Complete')) break
    }
    ended.abort()
    const second = paperclipContext({
      runId: randomUUID(),
      agentId,
      config: place.config('drip'),
      context: { wakeReason: 'remote_job_reattach' },
    })
    const result = await place.adapter().execute(second.ctx)
    expect(result, text(second.told)).toMatchObject({
      exitCode: 0,
      resultJson: { agentJob: { adoptedFromRun: first.ctx.runId } },
    })
    expect(result.summary).toContain('Slowly now')
  })

  it('does not report a result twice, not even when the server died right after the first time', async () => {
    const agentId = randomUUID()
    const config = place.config('text', { retainJobs: 'true' })
    const first = paperclipContext({ runId: randomUUID(), agentId, config })
    expect(await place.adapter().execute(first.ctx), text(first.told)).toMatchObject({ exitCode: 0 })
    // A new life of the server: it remembers nothing but what is on disk, and the Job is still there.
    const again = { followed: new Set<string>(), reported: new Set<string>() }
    const context = { wakeReason: 'remote_job_reattach' }
    const second = paperclipContext({ runId: randomUUID(), agentId, config, context })
    const result = await place.adapter(again).execute(second.ctx)
    expect(result, text(second.told)).toMatchObject({
      exitCode: 0,
      resultJson: { agentJob: { adoptedFromRun: null } },
    })
    expect(text(second.told)).not.toContain('Reattached')
    const records = (await place.deps.records('claude_k8s')?.list()) ?? []
    const mine = records.filter((record) => record.agentId === agentId)
    expect(mine.map(({ runId, reported }) => [runId, reported])).toEqual(
      expect.arrayContaining([
        [first.ctx.runId, true],
        [second.ctx.runId, true],
      ]),
    )
    await Promise.all(mine.map(({ job }) => place.deps.records('claude_k8s')?.remove(job)))
  })

  it('is stopped before its pod runs, and says that no agent began', async () => {
    const stop = new AbortController()
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      agentId: randomUUID(),
      config: place.config('text', { image: 'nowhere/none:1' }),
      signal: stop.signal,
      onLog: async (_stream, chunk) => {
        if (chunk.includes('Created K8s Job')) stop.abort(new Error('Cancelled by a board operator'))
      },
    })
    expect(await place.adapter().execute(ctx), text(told)).toMatchObject({
      errorCode: 'cancelled',
      executionRecovery: { kind: 'bootstrap', providerWorkStarted: false },
      resultJson: { executionCancellation: { state: 'acknowledged' } },
    })
  })

  it('is refused when it is cancelled before anything was created', async () => {
    const stop = new AbortController()
    stop.abort(new Error('Run stopped before provider startup'))
    const { ctx } = paperclipContext({ config: place.config('text'), signal: stop.signal })
    expect(await place.adapter().execute(ctx)).toMatchObject({
      errorCode: 'cancelled',
      executionRecovery: { kind: 'bootstrap', providerWorkStarted: false },
      resultJson: { executionCancellation: { state: 'acknowledged' } },
    })
  })

  it('tests the environment with a probe pod, each finding with a remedy', async () => {
    const config = place.config('text', { environmentProbe: 'true', secretRef: 'absent' })
    const test = await place.adapter().testEnvironment({ companyId: 'c', adapterType: 'claude_k8s', config })
    const levels = Object.fromEntries(test.checks.map(({ code, level }) => [code, level]))
    expect(levels, JSON.stringify(test.checks, null, 1)).toMatchObject({
      k8s_api_reachable: 'info',
      k8s_self_pod: 'info',
      k8s_rbac: 'info',
      k8s_namespace_exists: 'info',
      k8s_pvc_rwx: 'info',
      k8s_secret_missing: 'warn',
      k8s_probe_node: 'info',
      k8s_probe_cli: 'info',
      k8s_probe_volume: 'info',
      k8s_probe_api: 'error',
    })
    expect(test.status).toBe('fail')
    expect(test.checks.filter(({ level, hint }) => level !== 'info' && !hint)).toEqual([])
    expect(test.checks.find(({ code }) => code === 'k8s_self_pod')?.detail).toContain('DATABASE_URL')
  })
})
