import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstLine, frames, rest, startWorld, type Server, type World } from '../test/support/world.ts'
import { systemClock } from './clock.ts'
import { createEventChannel } from './event-channel.ts'
import type { Evidence } from './evidence.ts'
import { followSettings } from './follow-settings.ts'
import { createLingerLimit } from './linger-limit.ts'
import type { RunEvent } from './run-event.ts'

let world: World
let server: Server
beforeAll(async () => {
  world = await startWorld()
  server = world.server()
})
afterAll(() => world[Symbol.asyncDispose]())

/** A run at work, and the limit of its stay, on a clock that stands still. */
async function stage() {
  const request = frames(['wait'], { terminationGracePeriodSeconds: 7 })
  const run = await server.runner.start(request)
  const events = await firstLine(run)
  const { client } = server
  const namespace = 'default'
  const pod = await client.get(kinds.Pod, { name: run.pod?.name ?? '', namespace })
  const evidence: Evidence = { container: 'main', pod }
  const channel = createEventChannel<RunEvent>(10, (count) => ({
    type: 'warning',
    code: 'x',
    message: `${count}`,
    at: 0,
  }))
  const clock = { ...systemClock, now: () => 1_000 }
  const limit = createLingerLimit(
    {
      client,
      namespace,
      clock,
      random: () => 0.5,
      warn: () => undefined,
      endings: new Map(),
      trusted: true,
      closed: new AbortController(),
    },
    {
      evidence,
      settings: { ...followSettings(request, 'secret'), hangAfterFinishMs: 5_000 },
      channel,
      signal: new AbortController().signal,
    },
  )
  return { run, events, evidence, channel, limit }
}

describe('a command that stays after its work', () => {
  it('has no end to its time once more work has begun, and a new one when that is done', async () => {
    const { run, events, limit } = await stage()
    limit.begin()
    expect(limit.due).toBe(21_000)
    limit.takeBack()
    expect(limit.due).toBe(Infinity)
    limit.begin()
    expect(limit.due).toBe(21_000)
    await run.cancel({ by: 'test' })
    await rest(events)
  })

  it('has its time and the launcher’s margin, and then its pod is ended, once', async () => {
    const { run, events, limit, evidence } = await stage()
    expect(limit.due).toBe(Infinity)
    limit.begin()
    expect(limit.due).toBe(1_000 + 5_000 + 15_000)
    await limit.end()
    limit.begin()
    expect(limit.due).toBe(Infinity)
    expect(evidence.stoppedAfterFinish).toBe(true)
    await rest(events)
    expect(await run.outcome).toMatchObject({ kind: 'deletedExternally' })
  })

  it('stays for as long as the API server cannot be asked, and is then ended', async () => {
    const { run, events, limit, channel } = await stage()
    const match = { method: 'DELETE', path: '/pods/' }
    await world.kube.faults.inject({
      kind: 'error',
      status: 403,
      reason: 'Forbidden',
      message: 'not now',
      match,
      times: 1,
    })
    limit.begin()
    await limit.end()
    expect(limit.due).toBe(1_000 + 15_000)
    await limit.end()
    await rest(events)
    expect((await run.outcome).kind).toBe('deletedExternally')
    channel.close()
    const told: RunEvent[] = []
    for await (const event of channel) told.push(event)
    expect(told).toMatchObject([{ type: 'warning', code: 'not_ended', message: expect.stringContaining('not now') }])
  })
})
