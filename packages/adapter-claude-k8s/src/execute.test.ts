import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClusterPool } from '@agent-jobs/adapter-kit'
import { freshState } from '@agent-jobs/adapter-kit/testing'
import { miniPaperclipPlace, paperclipContext, type PaperclipPlace, type Told } from '@agent-jobs/paperclip-testing'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'

const text = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

describe('a Paperclip run on the embedded cluster, with the real Claude Code', () => {
  let place: PaperclipPlace
  beforeAll(async () => {
    place = await miniPaperclipPlace(claudeAgent)
  })
  afterAll(() => place.close())

  it('continues a session, and brings changed instructions into it', async () => {
    const agentId = randomUUID()
    const clusters = createClusterPool({ env: place.deps.env })
    const adapter = place.adapter({ clusters })
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
    // What the runs left is removed behind their results.
    await clusters.close()
    const [company = ''] = readdirSync(join(place.folder, 'instances/default/data/agent-jobs'))
    const own = join(place.folder, 'instances/default/data/agent-jobs', company, agentId)
    expect(readdirSync(join(own, 'journal'))).toEqual([])
    expect(readdirSync(join(own, 'claude'))).toContain('projects')
  })

  it('continues a session that an earlier adapter kept in the home of all agents, and says so once', async () => {
    const agentId = randomUUID()
    const config = place.config('text')
    const run = (sessionParams: Record<string, unknown> | null) => {
      const { ctx, told } = paperclipContext({ runId: randomUUID(), agentId, config, runtime: { sessionParams } })
      return place
        .adapter()
        .execute(ctx)
        .then((result) => ({ result, log: text(told) }))
    }
    const first = await run(null)
    const session = first.result.sessionParams ?? null
    const [company = ''] = readdirSync(join(place.folder, 'instances/default/data/agent-jobs'))
    const own = join(place.folder, 'instances/default/data/agent-jobs', company, agentId, 'claude', 'projects')
    // As an earlier adapter left it: with the whole volume as every agent's home.
    mkdirSync(join(place.folder, '.claude'), { recursive: true })
    renameSync(own, join(place.folder, '.claude', 'projects'))
    const second = await run(session)
    expect(second.result, second.log).toMatchObject({ exitCode: 0, sessionId: first.result.sessionId })
    expect(second.result.summary).toContain('turn 2')
    expect(second.log).toContain(`Session ${first.result.sessionId} of an earlier adapter was copied from`)
    const third = await run(second.result.sessionParams ?? null)
    expect(third.result.summary).toContain('turn 3')
    expect(third.log).not.toContain('of an earlier adapter')
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

  it('lets isolated runs of one agent run concurrently', async () => {
    const agentId = randomUUID()
    const adapter = place.adapter()
    const run = (key: string) => {
      const config = place.config('text', {
        k8sRunIsolation: {
          mode: 'isolated',
          key,
          homeRoot: join(place.folder, key),
          sessionRoot: join(place.folder, key, 'sessions'),
          cacheRoot: join(place.folder, key, 'cache'),
        },
      })
      return adapter.execute(paperclipContext({ runId: randomUUID(), agentId, taskId: randomUUID(), config }).ctx)
    }
    const results = await Promise.all([run('a'), run('b')])
    expect(results.map(({ errorMessage, exitCode }) => errorMessage ?? exitCode)).toEqual([0, 0])
    for (const key of ['a', 'b']) {
      expect(readdirSync(join(place.folder, key)).sort()).toEqual(expect.arrayContaining(['cache', 'sessions']))
      expect(readdirSync(join(place.folder, key, 'sessions', 'claude'))).toContain('projects')
    }
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
    await place.adapter({ state: freshState() }).execute(first.ctx)
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
    const context = { wakeReason: 'remote_job_reattach' }
    const second = paperclipContext({ runId: randomUUID(), agentId, config, context })
    const result = await place.adapter({ state: freshState() }).execute(second.ctx)
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

  it('is stopped before its pod runs, and reports that no agent started', async () => {
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
