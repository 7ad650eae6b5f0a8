import { randomUUID } from 'node:crypto'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
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

  /** Where the task's databases are on this machine. */
  const databasesOf = (ran: { told: Told }) => {
    const [, folder] = /Session database in: (\/paperclip\/[^"]+)"/.exec(JSON.stringify(ran.told.meta)) ?? []
    expect(folder).toBeDefined()
    return join(place.folder, String(folder).slice('/paperclip/'.length))
  }

  it('keeps a damaged database and one of a newer OpenCode aside, with a code, and waits for one that is held', async () => {
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
