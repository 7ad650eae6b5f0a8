import { createAdapter, createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { paperclipContext, serverPlace, type ServerPlace, type Told } from '@agent-jobs/adapter-kit/testing'
import { kinds } from '@agent-jobs/kube-api'
import { startScriptedModel, type ScriptedModel } from '@agent-jobs/scripted-model'
import { randomUUID } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { opencodeDefinition } from './opencode-definition.ts'

const cluster = process.env['KUBECONFIG']
const bridge = process.env['AGENT_JOBS_BRIDGE'] ?? '10.88.0.1'

describe.skipIf(!cluster)('a Paperclip run of OpenCode on a real cluster (needs KUBECONFIG)', () => {
  let place: ServerPlace
  let model: ScriptedModel

  beforeAll(async () => {
    model = await startScriptedModel({ host: '0.0.0.0' })
    place = await serverPlace({
      namespace: 'opencode-e2e',
      env: { TEAM: 'core' },
      signal: AbortSignal.timeout(100_000),
    })
  })

  afterAll(async () => {
    await place.close()
    await model.close()
  })

  async function run(
    scenario: string,
    {
      extra = {},
      session = null,
      task = `task-${randomUUID()}`,
    }: { extra?: Record<string, unknown>; session?: Record<string, unknown> | null; task?: string } = {},
  ) {
    const env = place.env
    const clusters = createClusterPool({ env })
    const module = createAdapter(
      opencodeDefinition,
      systemDependencies({ env, clusters, serverPath: () => place.folder }),
    )
    const options = {
      baseURL: `http://${bridge}:${new URL(model.url).port}/s/${scenario}/v1`,
      apiKey: 'sk-test-0123456789',
    }
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      config: {
        model: 'lab/demo-model',
        providerOptions: {
          lab: { npm: '@ai-sdk/openai-compatible', options, models: { 'demo-model': { name: 'Demo' } } },
        },
        env: { OPENCODE_DISABLE_MODELS_FETCH: '1' },
        'resources.requests.cpu': '50m',
        'resources.requests.memory': '64Mi',
        paperclipApiUrl: `http://${bridge}:9`,
        ...extra,
      },
      context: { taskId: task, issueId: task },
      runtime: { sessionParams: session, taskKey: task },
    })
    const result = await module.execute(ctx)
    await clusters.close()
    return { result, told, task }
  }

  const logOf = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

  it('runs the real OpenCode and reports all of it, no key in any of it', async () => {
    const { result, told } = await run('text')
    expect(result, logOf(told)).toMatchObject({
      exitCode: 0,
      timedOut: false,
      provider: 'lab',
      usageBasis: 'per_run',
      resultJson: { agentJob: { outputComplete: true, outcome: 'succeeded' } },
    })
    expect(result.summary).toContain('You asked')
    expect(result.sessionId).toMatch(/^ses_/)
    expect(result.usage?.outputTokens).toBeGreaterThan(0)
    expect(JSON.stringify(told)).not.toContain('sk-test-0123456789')
  })

  it('uses tools without asking', async () => {
    const { result, told } = await run('tool')
    expect(result, logOf(told)).toMatchObject({ exitCode: 0 })
    expect(logOf(told)).toContain('"type":"tool_use"')
  })

  it('continues the session in a new pod', async () => {
    const before = await run('text')
    const after = await run('text', { session: before.result.sessionParams ?? null, task: before.task })
    expect(after.result, logOf(after.told)).toMatchObject({ exitCode: 0, sessionId: before.result.sessionId })
    expect(after.result.summary).toContain('turn 2')
  })

  it('starts afresh, and says why, when the session has no database', async () => {
    const { result, told } = await run('text', {
      session: { sessionId: 'ses_000000000000000000000000000', cwd: '/paperclip' },
    })
    expect(result, logOf(told)).toMatchObject({ exitCode: 0 })
    expect(logOf(told)).toContain('no longer on the data volume')
  })

  it('leaves a damaged database aside and says so', async () => {
    const before = await run('text')
    const note = JSON.stringify(before.told)
    const file = /Session database: (\/paperclip\/[^"]+opencode\.db)/.exec(note)?.[1] ?? ''
    expect(file, note).not.toBe('')
    writeFileSync(join(place.folder, file.slice('/paperclip/'.length)), 'noise')
    const after = await run('text', { session: before.result.sessionParams ?? null, task: before.task })
    expect(after.result, logOf(after.told)).toMatchObject({ exitCode: 0 })
    expect(logOf(after.told)).toContain('is no SQLite database and is left aside')
  })

  it('keeps sessions on a claim of its own, made on demand', async () => {
    const extra = { agentDbMode: 'dedicated_pvc', agentDbStorageCapacity: '64Mi' }
    // The first run makes the claim. This cluster's volumes are folders of root that ignore fsGroup: open the new one.
    await run('text', { extra })
    const [claim] = (
      await place.client.list(kinds.PersistentVolumeClaim, {
        namespace: place.namespace,
        labelSelector: 'paperclip.io/pvc-type=agent-db',
      })
    ).items
    expect(claim?.spec?.resources?.requests).toEqual({ storage: '64Mi' })
    chmodSync(await place.folderOf(claim?.metadata?.name ?? ''), 0o777)
    const before = await run('text', { extra })
    expect(before.result, logOf(before.told)).toMatchObject({ exitCode: 0 })
    const after = await run('text', { extra, session: before.result.sessionParams ?? null, task: before.task })
    expect(after.result, logOf(after.told)).toMatchObject({ exitCode: 0, sessionId: before.result.sessionId })
    expect(after.result.summary).toContain('turn 2')
  })

  it.each([
    ['401', 'auth_failed'],
    ['402', 'billing_required'],
    ['429', 'rate_limited'],
  ])('names what the model API refused with %s', async (scenario, errorCode) => {
    const { result, told } = await run(scenario)
    expect(result, logOf(told)).toMatchObject({
      errorCode,
      resultJson: { conversationContinuation: 'continue_conversation_v1' },
    })
    expect(result.summary).toBeUndefined()
  })

  it('names a model that the provider does not have', async () => {
    const { result, told } = await run('text', { extra: { model: 'lab/no-such-model' } })
    expect(result, logOf(told)).toMatchObject({ errorCode: 'model_unavailable' })
  })

  it('refuses a model without a provider before anything is created', async () => {
    const { result } = await run('text', { extra: { model: 'house-model' } })
    expect(result.errorMessage).toContain('`provider/model`')
    expect(result.resultJson).not.toHaveProperty('agentJob.outcome', 'succeeded')
  })
})
