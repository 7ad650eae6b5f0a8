import { createAdapter, createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { paperclipContext } from '@agent-jobs/adapter-kit/testing'
import { startScriptedModel, type ScriptedModel } from '@agent-jobs/scripted-model'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeDefinition } from './claude-definition.ts'
import { serverPlace, type ServerPlace } from './testing/real-cluster.ts'

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

  it('runs the real Claude Code and reports all of it', async () => {
    const { module, close } = adapter()
    const { ctx, told } = paperclipContext({ runId: randomUUID(), config: config('text') })
    const result = await module.execute(ctx)
    expect(result).toMatchObject({
      exitCode: 0,
      timedOut: false,
      billingType: 'api',
      provider: 'anthropic',
      usageBasis: 'per_run',
    })
    expect(result.summary).toContain('You asked')
    expect(result.sessionParams).toMatchObject({ cwd: '/paperclip' })
    expect(result.usage?.outputTokens).toBeGreaterThan(0)
    expect(told.order).toEqual(['ready', 'meta', 'dispatch'])
    expect(JSON.stringify(told)).not.toMatch(/sk-ant-test|run-token-0123456789|postgres:/)
    await close()
  })
})
