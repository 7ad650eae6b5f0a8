import { randomUUID } from 'node:crypto'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createClusterPool } from '@agent-jobs/adapter-kit'
import { freshState } from '@agent-jobs/adapter-kit/testing'
import type { ConformanceAgent } from './conformance-agent.ts'
import { paperclipContext, type Told } from '../../adapter-kit/test/paperclip-context.ts'
import type { PaperclipPlace } from './paperclip-place.ts'

const heard = (told: Told) => told.log.map(({ chunk }) => chunk).join('')

/**
 * Declares the tests of every adapter made with the kit, wherever its pods run. `quick` leaves out the cases that need
 * several runs and test only the kit; for agents that take seconds to start.
 */
export function adapterConformance(
  agent: ConformanceAgent,
  open: () => Promise<PaperclipPlace>,
  { quick = false }: { quick?: boolean } = {},
): void {
  const { type, conversationType, jobNamePrefix } = agent.definition
  let place: PaperclipPlace
  beforeAll(async () => {
    place = await open()
  })
  afterAll(() => place.close())

  type Overrides = Omit<Parameters<typeof paperclipContext>[0], 'config'>
  const context = (scenario: string, extra: Record<string, unknown>, overrides: Overrides) =>
    paperclipContext({
      runId: randomUUID(),
      agentId: randomUUID(),
      taskId: randomUUID(),
      adapterType: type,
      config: place.config(scenario, extra),
      ...overrides,
    })

  async function run(scenario: string, extra: Record<string, unknown> = {}, overrides: Overrides = {}) {
    const { ctx, told } = context(scenario, extra, overrides)
    const result = await place.adapter().execute(ctx)
    return { result, told, ids: { agentId: ctx.agent.id, taskId: ctx.runtime.taskKey } }
  }

  let first: ReturnType<typeof run> | null = null
  /** A first run, whose Job is kept; later tests share it. */
  const firstRun = () => (first ??= run('text', { retainJobs: true }))

  it('returns a result, a transcript and a session, and discloses no secret', async () => {
    const { result, told } = await firstRun()
    expect(result, heard(told)).toMatchObject({
      exitCode: 0,
      timedOut: false,
      usageBasis: 'per_run',
      ...agent.billing,
      sessionParams: { sessionId: expect.any(String), cwd: expect.stringContaining(place.mountPath) },
      resultJson: { agentJob: { outcome: 'succeeded', outputComplete: true } },
    })
    expect(result.summary).toContain('You asked')
    expect(result.usage?.outputTokens).toBeGreaterThan(0)
    expect(told.order).toEqual(['ready', 'meta', 'dispatch'])
    expect(told.meta[0]).toMatchObject({
      adapterType: conversationType,
      command: expect.stringContaining(`kubectl job/${jobNamePrefix}-`),
    })
    expect(heard(told)).toContain(agent.firstLine)
    for (const secret of [agent.secrets, /run-token-0123456789/]) expect(JSON.stringify(told)).not.toMatch(secret)
  })

  it('keeps prompt, token and key out of the Job', async () => {
    const { result, told } = await firstRun()
    const { agentJob } = result.resultJson as { agentJob: { job: string } }
    const where = { name: agentJob.job, namespace: place.namespace }
    const job = JSON.stringify(await place.client.get(kinds.Job, where))
    expect(job, heard(told)).toContain('paperclip-data')
    for (const secret of [agent.secrets, /run-token-0123456789|Say hello/]) expect(job).not.toMatch(secret)
    await place.client.delete(kinds.Job, { ...where, propagationPolicy: 'Background' })
  })

  it('continues the session in a new pod', async () => {
    const before = await firstRun()
    const runtime = { sessionParams: before.result.sessionParams ?? null, taskKey: before.ids.taskId }
    const after = await run('text', {}, { ...before.ids, runtime })
    expect(after.result, heard(after.told)).toMatchObject({ exitCode: 0, sessionId: before.result.sessionId })
    expect(after.result.summary).toContain('turn 2')
  })

  it('keeps the Job when its server is gone, and adopts it in the next run: output from the first line, once', async () => {
    const lost = new AbortController()
    const atWork = place.model.asked('drip')
    const clusters = createClusterPool({ env: place.deps.env })
    const former = context('drip', {}, { signal: lost.signal })
    const dead = place.adapter({ clusters, state: freshState() }).execute(former.ctx)
    await Promise.race([atWork, dead])
    lost.abort(new Error('Legacy controller lease lost'))
    expect(await dead, heard(former.told)).toMatchObject({ errorCode: 'k8s_run_detached' })
    await clusters.close()
    const same = { agentId: former.ctx.agent.id, taskId: former.ctx.runtime.taskKey }
    const { result, told } = await run('drip', {}, same)
    expect(result, heard(told)).toMatchObject({
      exitCode: 0,
      resultJson: { agentJob: { adoptedFromRun: former.ctx.runId, outputComplete: true } },
    })
    expect(result.summary).toContain('Slowly now')
    expect(heard(told)).toContain('Reattached to K8s Job')
    const lines = heard(told)
      .split('\n')
      .filter((line) => line.startsWith('{'))
    expect(lines.filter((line) => line.includes(agent.firstLine))).toHaveLength(1)
    expect(new Set(lines).size).toBe(lines.length)
  })

  it('names a program that is missing in the image, and spends nothing', async () => {
    const { result, told } = await run('text', { agentCommand: 'no-such-agent' })
    expect(result, heard(told)).toMatchObject({
      errorCode: 'image_lacks',
      errorMessage: expect.stringContaining('no-such-agent'),
      errorFamily: null,
      usage: { inputTokens: 0, outputTokens: 0 },
    })
  })

  if (quick) return

  it('starts a new session, and says so, when the session is gone; uses tools without asking', async () => {
    const { result: before, ids } = await firstRun()
    const gone = { ...before.sessionParams, sessionId: agent.unknownSession() }
    // OpenCode keeps the sessions of a task in one store, which another task does not have.
    const where = { ...ids, taskId: randomUUID() }
    const { result, told } = await run('tool', {}, { ...where, runtime: { sessionParams: gone } })
    expect(heard(told)).toContain('is no longer on the data volume')
    expect(result, heard(told)).toMatchObject({ exitCode: 0, sessionId: expect.any(String) })
    expect(result.sessionId).not.toBe(gone.sessionId)
    expect(result.summary).toContain('The command said')
  })

  it.each(agent.refusals)('names what the model API refused with %s', async (scenario, errorCode, errorFamily) => {
    const { result, told } = await run(scenario)
    expect(result, heard(told)).toMatchObject({
      errorCode,
      errorFamily,
      sessionId: expect.any(String),
      resultJson: { conversationContinuation: 'continue_conversation_v1' },
    })
    expect(result.exitCode).not.toBe(0)
    // Paperclip shows it in the thread.
    expect(result.summary).toEqual(expect.any(String))
  })

  it('refuses or queues a second task of the agent; a cancelled run ends within seconds, with evidence', async () => {
    const agentId = randomUUID()
    const stop = new AbortController()
    const atWork = place.model.asked('hang')
    const busy = run('hang', {}, { agentId, signal: stop.signal })
    await Promise.race([atWork, busy])
    const refused = await run('text', { waitForConcurrent: false }, { agentId })
    expect(refused.result).toMatchObject({ errorCode: 'k8s_concurrent_run_blocked' })
    const waiting = Promise.withResolvers<void>()
    const patient = run(
      'text',
      {},
      {
        agentId,
        onLog: async (_stream, chunk) => {
          if (chunk.includes('Waiting for concurrent Job(s)')) waiting.resolve()
        },
      },
    )
    await Promise.race([waiting.promise, patient])
    const cancelledAt = Date.now()
    stop.abort(new Error('Cancelled by a board operator'))
    const { result, told } = await busy
    expect(Date.now() - cancelledAt).toBeLessThan(15_000)
    expect(result, heard(told)).toMatchObject({
      errorCode: 'cancelled',
      errorMessage: 'Run cancelled: Cancelled by a board operator',
      executionRecovery: { kind: 'interrupted', providerStopped: true, actionOutcomes: 'settled' },
      resultJson: { executionCancellation: { state: 'acknowledged' } },
    })
    const after = await patient
    expect(after.result, heard(after.told)).toMatchObject({ exitCode: 0 })
    expect(heard(after.told)).toContain('Waiting for concurrent Job(s)')
  })
}
