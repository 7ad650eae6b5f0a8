import { classifyRefusal, type KubeError } from '@agent-jobs/kube-api'
import { createManualClock } from '@agent-jobs/primitives'
import { describe, expect, it } from 'vitest'
import { kueueFile } from '../test/support/read-kueue.ts'
import { apiError, createScriptedCluster, Job, lostAnswer, Secret } from '../test/support/scripted-cluster.ts'
import { frames } from '../test/support/world.ts'
import { createJobRunner } from './index.ts'

/** The answer of a real API server to the creation of a Job while Kueue's webhook does not work. */
function recorded(name: 'refused' | 'stopped'): KubeError {
  const text = kueueFile(`webhook-down/${name}.txt`)
  const { message, reason, code } = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as {
    message: string
    reason: string
    code: number
  }
  return apiError(code, reason, message)
}

const budgetSeconds = 120

/** Starts a run in a queue whose webhook fails for the first `failures` creations of its Job. */
function startWith(error: KubeError, failures: number, first = error) {
  const cluster = createScriptedCluster()
  const clock = createManualClock()
  let created = 0
  cluster.intercept = ({ verb, kind }) => {
    if (verb !== 'create' || kind !== 'Job') return undefined
    created += 1
    if (created === 1) return first
    return created <= failures ? error : undefined
  }
  const runner = createJobRunner({ client: cluster.client, namespace: 'default', clock, random: () => 0.5 })
  const start = runner.start(frames(['x'], { queue: { name: 'team' }, start: { budgetSeconds } }))
  return { cluster, clock, start, creations: () => created }
}

describe('a run whose queue has a webhook that does not work', () => {
  it.each([
    ['refused', 'webhook_unreachable'],
    ['stopped', 'webhook_slow'],
  ] as const)('(%s) gets a refusal with the cause %s and the name of the webhook', (name, cause) => {
    const error = recorded(name)
    expect(error.status).toBe(500)
    expect(error.refusal).toMatchObject({ cause, by: 'mjob.kb.io', passing: true })
    expect(classifyRefusal({ message: error.message, status: 500 })?.remedy).toContain('mjob.kb.io')
  })

  it.each(['refused', 'stopped'] as const)('(%s) starts once the webhook works again', async (name) => {
    const { clock, start, creations, cluster } = startWith(recorded(name), 5)
    await clock.advance(60_000)
    const run = await start
    expect(creations()).toBe(6)
    expect(cluster.read(Job, run.job.name)).toBeDefined()
    await run.detach()
  })

  it.each(['refused', 'stopped'] as const)(
    '(%s) is given up after its start budget, can be retried, and leaves no Secret behind',
    async (name) => {
      const { clock, start, cluster } = startWith(recorded(name), Infinity)
      const ended = Promise.allSettled([start])
      await clock.advance((budgetSeconds - 10) * 1000)
      expect(cluster.calls.some(({ verb, kind }) => verb === 'delete' && kind === 'Secret')).toBe(false)
      await clock.advance(60_000)
      const reason = { code: 'refused', retryable: true, message: expect.stringContaining('mjob.kb.io') }
      expect(await ended).toMatchObject([{ status: 'rejected', reason }])
      const secrets = cluster.calls.filter(({ verb, kind }) => verb === 'create' && kind === 'Secret')
      expect(secrets.map((call) => cluster.read(Secret, call.name) === undefined)).toEqual([true])
    },
  )

  it('keeps its Secret when the answer to an earlier creation was lost: the Job may exist', async () => {
    const { clock, start, cluster } = startWith(recorded('refused'), Infinity, lostAnswer())
    const ended = Promise.allSettled([start])
    await clock.advance((budgetSeconds + 60) * 1000)
    expect(await ended).toMatchObject([{ status: 'rejected', reason: { code: 'refused' } }])
    expect(cluster.calls.filter(({ verb, kind }) => verb === 'delete' && kind === 'Secret')).toEqual([])
  })
})
