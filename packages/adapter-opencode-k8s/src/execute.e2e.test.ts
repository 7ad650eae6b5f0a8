import { randomUUID } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { paperclipContext, realPaperclipPlace, type Told } from '@agent-jobs/adapter-kit/testing'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { opencodeAgent } from './testing/opencode-agent.ts'

const cluster = process.env['KUBECONFIG']

describe.skipIf(!cluster)('what is particular to OpenCode on a real cluster (needs KUBECONFIG)', () => {
  let place: Awaited<ReturnType<typeof realPaperclipPlace>>
  beforeAll(async () => {
    place = await realPaperclipPlace(opencodeAgent, 'opencode-e2e')
  })
  afterAll(() => place.close())

  async function run(
    scenario: string,
    {
      extra = {},
      session = null,
      task = `task-${randomUUID()}`,
    }: { extra?: Record<string, unknown>; session?: Record<string, unknown> | null; task?: string } = {},
  ) {
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      adapterType: 'opencode_k8s',
      config: place.config(scenario, extra),
      context: { taskId: task, issueId: task },
      runtime: { sessionParams: session, taskKey: task },
    })
    return { result: await place.adapter().execute(ctx), told, task }
  }

  const logOf = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

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
