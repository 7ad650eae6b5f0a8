import { randomUUID } from 'node:crypto'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { paperclipContext, realPaperclipPlace, type Told } from '@agent-jobs/paperclip-testing'
import {
  volumeClaimStore,
  createJobRunner,
  type VolumeClaimStoreOptions,
  type OwnerState,
} from '@agent-jobs/k8s-job-runner'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { opencodeAgent } from '../test/opencode-agent.ts'

const cluster = process.env['KUBECONFIG']

describe.skipIf(!cluster)('what is particular to OpenCode on a real cluster (needs KUBECONFIG)', () => {
  let place: Awaited<ReturnType<typeof realPaperclipPlace>>
  beforeAll(async () => {
    place = await realPaperclipPlace(opencodeAgent, 'opencode-e2e')
  })
  afterAll(() => place.close())
  const agent = randomUUID()

  async function run(
    scenario: string,
    {
      extra = {},
      session = null,
      task = `task-${randomUUID()}`,
      agentId = agent,
      signal,
    }: {
      extra?: Record<string, unknown>
      session?: Record<string, unknown> | null
      task?: string
      agentId?: string
      signal?: AbortSignal
    } = {},
  ) {
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      agentId,
      ...(signal ? { signal } : {}),
      adapterType: 'opencode_k8s',
      config: place.config(scenario, extra),
      context: { taskId: task, issueId: task },
      runtime: { sessionParams: session, taskKey: task },
    })
    return { result: await place.adapter().execute(ctx), told, task }
  }

  const logOf = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

  /** Where the task's databases are on this machine. */
  const databasesOf = (ran: { told: Told }) => {
    const [, folder] = /Session database in: (\/paperclip\/[^"]+)"/.exec(JSON.stringify(ran.told.meta)) ?? []
    expect(folder).toBeDefined()
    return join(place.folder, String(folder).slice('/paperclip/'.length))
  }

  it('sets aside a damaged database and one of a newer OpenCode, with a code, and waits for a locked one', async () => {
    const before = await run('text')
    expect(before.result, logOf(before.told)).toMatchObject({ exitCode: 0 })
    const again = () => run('text', { session: before.result.sessionParams ?? null, task: before.task })
    const folder = databasesOf(before)
    const file = join(folder, 'opencode.db')
    const holder = new DatabaseSync(file)
    holder.exec('BEGIN IMMEDIATE')
    const held = await again()
    holder.exec("ROLLBACK; INSERT INTO migration VALUES ('29990101000000_future', 1)")
    holder.close()
    expect(held.result, logOf(held.told)).toMatchObject({
      errorCode: 'session_db_locked',
      errorFamily: 'transient_upstream',
      sessionId: before.result.sessionId,
    })
    const newer = await again()
    expect(newer.result, logOf(newer.told)).toMatchObject({ errorCode: 'session_db_newer', clearSession: true })
    const fresh = await run('text', { task: before.task })
    expect(fresh.result, logOf(fresh.told)).toMatchObject({ exitCode: 0 })
    writeFileSync(join(folder, 'opencode.2.db'), 'noise')
    const damaged = await run('text', { session: fresh.result.sessionParams ?? null, task: before.task })
    expect(damaged.result, logOf(damaged.told)).toMatchObject({ errorCode: 'session_db_damaged', clearSession: true })
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining(['opencode.db', 'opencode.db.aside', 'opencode.2.db', 'opencode.2.db.aside']),
    )
  })

  it('keeps sessions on a claim of its own, made on demand', async () => {
    const extra = { agentDbMode: 'dedicated_pvc', agentDbStorageCapacity: '64Mi' }
    // The first run makes the claim. This cluster's volumes are folders of root that ignore fsGroup: open the new one.
    await run('text', { extra })
    const [claim] = (
      await place.client.list(kinds.PersistentVolumeClaim, {
        namespace: place.namespace,
        labelSelector: `paperclip.io/pvc-type=agent-db,paperclip.io/agent-id=${agent}`,
      })
    ).items
    expect(claim?.spec?.resources?.requests).toEqual({ storage: '64Mi' })
    chmodSync(await place.folderOf(claim?.metadata?.name ?? ''), 0o777)
    const before = await run('text', { extra })
    expect(before.result, logOf(before.told)).toMatchObject({ exitCode: 0 })
    const after = await run('text', { extra, session: before.result.sessionParams ?? null, task: before.task })
    expect(after.result, logOf(after.told)).toMatchObject({ exitCode: 0, sessionId: before.result.sessionId })
    expect(after.result.summary).toContain('turn 2')
    const { client, namespace } = place
    const labelSelector = `paperclip.io/agent-id=${agent}`
    const gone = new AbortController()
    const left = new Set<string>()
    const pods = client.listWatch(kinds.Pod, { namespace, labelSelector, signal: gone.signal })
    for await (const event of pods) {
      if (event.type !== 'synced') left[event.type === 'deleted' ? 'delete' : 'add'](event.object.metadata?.uid ?? '')
      if (event.type === 'synced' || event.type === 'deleted') if (left.size === 0) gone.abort()
    }
    const reaped = async (state: OwnerState) => {
      const ownerOf: VolumeClaimStoreOptions['ownerOf'] = ({ metadata }) =>
        metadata?.annotations?.['paperclip.io/agent-id'] ?? null
      const store = volumeClaimStore({ client, namespace, labelSelector, ownerOf, ownerState: async () => state })
      const runner = createJobRunner({ client, namespace })
      const { items } = await runner.reap({ dryRun: false, olderThanMs: 0, stores: [store] })
      return items.filter(({ kind }) => kind === 'PersistentVolumeClaim')
    }
    expect(await reaped('unknown')).toMatchObject([{ action: 'kept' }])
    expect(await reaped('absent')).toMatchObject([{ action: 'removed', reason: `its owner ${agent} is gone` }])
  })

  it('lists the models that OpenCode has keys for, from the image of the agents', async () => {
    const models = await place.adapter().refreshModels?.()
    expect(models?.map(({ id }) => id)).toEqual(expect.arrayContaining(['xai/grok-4.7', 'openai/gpt-5.5']))
  })

  // Each is an agent of its own, so they run side by side.
  it('reports the correct outcome of runs that end in unusual ways', async () => {
    const session = expect.stringMatching(/^ses_/)
    const ways: [string, Record<string, unknown>, Record<string, unknown>][] = [
      ['empty', {}, { errorCode: 'llm_api_error', sessionId: session }],
      // OpenCode names its session when the model has begun to answer, which it never does here.
      ['hang', { idleTimeoutSec: 10 }, { errorCode: 'timeout', timedOut: true }],
      ['403', {}, { errorCode: 'auth_failed', sessionId: session }],
      ['503', {}, { errorCode: 'upstream_error', errorFamily: 'transient_upstream', sessionId: session }],
      ['text', { model: 'nowhere/no-such-model' }, { errorCode: 'model_unavailable' }],
    ]
    const results = await Promise.all(
      ways.map(async ([scenario, extra, expected]) => {
        const { result, told } = await run(scenario, { extra: { graceSec: 1, ...extra }, agentId: randomUUID() })
        return { scenario, result, expected, log: logOf(told) }
      }),
    )
    for (const { scenario, result, expected, log } of results) {
      expect(result, `${scenario}: ${log}`).toMatchObject({ exitCode: expect.any(Number), ...expected })
    }
  })

  it('keeps session and usage of a run that is stopped because its model ignores the step limit', async () => {
    const stop = new AbortController()
    const stubborn = run('loop', { extra: { maxStepsPerRun: 2, graceSec: 1 }, signal: stop.signal })
    for (let step = 0; step < 4; step += 1) await Promise.race([place.model.asked('loop'), stubborn])
    stop.abort(new Error('Enough'))
    const { result, told } = await stubborn
    expect(result, logOf(told)).toMatchObject({ errorCode: 'cancelled', sessionId: expect.stringMatching(/^ses_/) })
    expect(result.usage?.outputTokens).toBeGreaterThan(0)
  })

  it('refuses a model without a provider before anything is created', async () => {
    const { result } = await run('text', { extra: { model: 'house-model' } })
    expect(result.errorMessage).toContain('`provider/model`')
    expect(result.resultJson).not.toHaveProperty('agentJob.outcome', 'succeeded')
  })

  it('compacts a conversation at the configured size, and continues with the compacted one', async () => {
    const providers = z.record(z.string(), z.record(z.string(), z.unknown()))
    const { lab } = providers.parse(JSON.parse(String(place.config('tool')['providerOptions'])))
    const models = { 'demo-model': { limit: { context: 200_000, output: 8000 } } }
    const before = place.model.requests.length
    const { result, told } = await run('tool', {
      extra: {
        providerOptions: { lab: { ...lab, models } },
        compactThreshold: 20_000,
        promptTemplate: `Run \`echo hi\`. ${'Consider the number seven. '.repeat(4000)}`,
      },
    })
    expect(result, logOf(told)).toMatchObject({ exitCode: 0 })
    const asked = place.model.requests.slice(before)
    const compacting = asked.findIndex(({ promptHead = '' }) =>
      promptHead.startsWith('Here is the conversation so far'),
    )
    expect(asked.slice(0, compacting).at(-1)?.bytes).toBeGreaterThan(100_000)
    expect(asked.at(-1)?.bytes).toBeLessThan(60_000)
    expect(asked.length).toBeGreaterThan(compacting + 1)
  })
})
