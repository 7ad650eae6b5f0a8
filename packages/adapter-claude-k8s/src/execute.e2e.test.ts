import { createAdapter, createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { paperclipContext, serverPlace, type ServerPlace, type Told } from '@agent-jobs/adapter-kit/testing'
import { kinds } from '@agent-jobs/kube-api'
import { startScriptedModel, type ScriptedModel } from '@agent-jobs/scripted-model'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeDefinition } from './claude-definition.ts'

const cluster = process.env['KUBECONFIG']
const bridge = process.env['AGENT_JOBS_BRIDGE'] ?? '10.88.0.1'

describe.skipIf(!cluster)('a Paperclip run on a real cluster (needs KUBECONFIG)', () => {
  let place: ServerPlace
  let model: ScriptedModel

  beforeAll(async () => {
    model = await startScriptedModel({ host: '0.0.0.0' })
    place = await serverPlace({
      namespace: 'adapter-e2e',
      env: { ANTHROPIC_API_KEY: 'sk-ant-test-0123456789', DATABASE_URL: 'postgres://u:p@db/x', TEAM: 'core' },
      signal: AbortSignal.timeout(100_000),
    })
  })

  afterAll(async () => {
    await place.close()
    await model.close()
  })

  function adapter() {
    const env = place.env
    const clusters = createClusterPool({ env })
    const deps = systemDependencies({ env, clusters, serverPath: () => place.folder })
    return { module: createAdapter(claudeDefinition, deps), close: () => clusters.close() }
  }

  function config(scenario: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
    const url = `http://${bridge}:${new URL(model.url).port}/s/${scenario}`
    return {
      env: { ANTHROPIC_BASE_URL: url, CLAUDE_CODE_MAX_RETRIES: '1', SHELL: '/paperclip/bin/bash' },
      'resources.requests.cpu': '50m',
      'resources.requests.memory': '64Mi',
      paperclipApiUrl: `http://${bridge}:9`,
      ...extra,
    }
  }

  const phases = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

  it('runs the real Claude Code and reports all of it', async () => {
    const { module, close } = adapter()
    const { ctx, told } = paperclipContext({ runId: randomUUID(), config: config('text') })
    const result = await module.execute(ctx)
    expect(result, phases(told)).toMatchObject({
      exitCode: 0,
      timedOut: false,
      billingType: 'api',
      provider: 'anthropic',
      usageBasis: 'per_run',
      resultJson: { agentJob: { outputComplete: true, outcome: 'succeeded' } },
    })
    expect(result.summary).toContain('You asked')
    expect(result.sessionParams).toMatchObject({ cwd: '/paperclip' })
    expect(result.usage?.outputTokens).toBeGreaterThan(0)
    expect(told.order).toEqual(['ready', 'meta', 'dispatch'])
    expect(JSON.stringify(told)).not.toMatch(/sk-ant-test|run-token-0123456789|postgres:/)
    await close()
  })

  it('continues the session in a new pod, and says so when it cannot', async () => {
    const { module, close } = adapter()
    const first = paperclipContext({ runId: randomUUID(), config: config('text') })
    const before = await module.execute(first.ctx)
    const second = paperclipContext({
      runId: randomUUID(),
      config: config('text'),
      runtime: { sessionParams: before.sessionParams ?? null },
    })
    const after = await module.execute(second.ctx)
    expect(after, phases(second.told)).toMatchObject({ exitCode: 0, sessionId: before.sessionId })
    expect(after.summary).toContain('turn 2')
    const gone = { sessionId: randomUUID(), cwd: '/paperclip' }
    const third = paperclipContext({ runId: randomUUID(), config: config('text'), runtime: { sessionParams: gone } })
    const fresh = await module.execute(third.ctx)
    expect(phases(third.told)).toContain('its transcript is no longer on the data volume')
    expect(fresh).toMatchObject({ exitCode: 0 })
    expect(fresh.sessionId).not.toBe(gone.sessionId)
    await close()
  })

  it.each([
    ['401', 'auth_failed', null],
    ['529', 'overloaded', 'transient_upstream'],
    ['402', 'billing_required', null],
  ])('names what the model API refused with %s', async (scenario, errorCode, errorFamily) => {
    const { module, close } = adapter()
    const { ctx, told } = paperclipContext({ runId: randomUUID(), config: config(scenario) })
    const result = await module.execute(ctx)
    expect(result, phases(told)).toMatchObject({
      exitCode: 1,
      errorCode,
      errorFamily,
      resultJson: { conversationContinuation: 'continue_conversation_v1' },
    })
    expect(result.summary).toBeUndefined()
    expect(result.sessionId).toEqual(expect.any(String))
    await close()
  })

  it('stops at the limit of turns', async () => {
    const { module, close } = adapter()
    const { ctx, told } = paperclipContext({ runId: randomUUID(), config: config('loop', { maxTurnsPerRun: '2' }) })
    expect(await module.execute(ctx), phases(told)).toMatchObject({
      errorCode: 'max_turns',
      clearSession: true,
      exitCode: 1,
    })
    await close()
  })

  it('is cancelled gracefully, with evidence, within seconds', async () => {
    const { module, close } = adapter()
    const stop = new AbortController()
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      config: config('hang'),
      signal: stop.signal,
      onLog: async (_stream, chunk) => {
        if (chunk.includes('"subtype":"init"')) stop.abort(new Error('Cancelled by a board operator'))
      },
    })
    let abortedAt = 0
    stop.signal.addEventListener('abort', () => {
      abortedAt = Date.now()
    })
    const result = await module.execute(ctx)
    expect(result, phases(told)).toMatchObject({
      errorCode: 'cancelled',
      errorMessage: 'Run cancelled: Cancelled by a board operator',
      executionRecovery: {
        kind: 'interrupted',
        providerStopped: true,
        sessionPreserved: true,
        actionOutcomes: 'settled',
      },
      resultJson: { executionCancellation: { state: 'acknowledged' } },
    })
    expect(result.sessionId).toEqual(expect.any(String))
    expect(Date.now() - abortedAt).toBeLessThan(15_000)
    await close()
  })

  it('lets the Job live when the server loses the run, and adopts it in the next, output complete, once', async () => {
    const lost = new AbortController()
    const before = adapter()
    const first = paperclipContext({
      runId: randomUUID(),
      config: config('drip'),
      signal: lost.signal,
      onLog: async (_stream, chunk) => {
        if (chunk.includes('"subtype":"init"')) lost.abort(new Error('Legacy controller lease lost'))
      },
    })
    expect(await before.module.execute(first.ctx), phases(first.told)).toMatchObject({ errorCode: 'k8s_run_detached' })
    await before.close()
    const after = adapter()
    const second = paperclipContext({ runId: randomUUID(), config: config('drip') })
    const result = await after.module.execute(second.ctx)
    expect(result, phases(second.told)).toMatchObject({
      exitCode: 0,
      resultJson: { agentJob: { adoptedFromRun: first.ctx.runId, outputComplete: true } },
    })
    const lines = phases(second.told)
      .split('\n')
      .filter((line) => line.startsWith('{'))
    expect(lines.filter((line) => line.includes('"subtype":"init"'))).toHaveLength(1)
    expect(new Set(lines).size).toBe(lines.length)
    expect(phases(second.told)).toContain('Reattached to K8s Job')
    await after.close()
  })

  it('keeps prompt, token and key out of the Job', async () => {
    const { module, close } = adapter()
    const { ctx, told } = paperclipContext({ runId: randomUUID(), config: config('text', { retainJobs: true }) })
    const result = await module.execute(ctx)
    const { agentJob } = result.resultJson as { agentJob: { job: string } }
    const job = JSON.stringify(await place.client.get(kinds.Job, { name: agentJob.job, namespace: place.namespace }))
    expect(job, phases(told)).toContain('paperclip-data')
    expect(job).not.toMatch(/sk-ant-test|run-token-0123456789|Say hello|postgres:/)
    await place.client.delete(kinds.Job, {
      name: agentJob.job,
      namespace: place.namespace,
      propagationPolicy: 'Background',
    })
    await close()
  })
})
