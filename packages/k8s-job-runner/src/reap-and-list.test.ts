import { kinds } from '@agent-jobs/kube-api'
import { describe, expect, it } from 'vitest'
import { firstLine, frames, startWorld } from '../test/support/world.ts'
import type { ReapStore } from './index.ts'
import { buildManifest } from './manifest.ts'

const namespace = 'default'

function memoryStore(
  entries: { id: string; runId: string | undefined; changedAt: number }[],
): ReapStore & { left(): string[] } {
  const left = new Set(entries.map(({ id }) => id))
  return {
    kind: 'journal',
    async *list() {
      yield* entries.filter(({ id }) => left.has(id))
    },
    async remove(id) {
      if (id === 'stuck') throw new Error('the volume is read-only')
      left.delete(id)
    },
    left: () => [...left],
  }
}

describe('reap', () => {
  it('first reports and then removes exactly what no live run refers to', async () => {
    await using world = await startWorld({ seed: 31 })
    const server = world.server()
    const live = frames(['wait'])
    const run = await server.runner.start(live)
    await firstLine(run)
    const abandoned = frames(['wait'])
    await server.client.create(kinds.Secret, buildManifest(abandoned, namespace).secret)
    const store = memoryStore([
      { id: 'of the living', runId: live.runId, changedAt: 0 },
      { id: 'of the dead', runId: abandoned.runId, changedAt: 0 },
      { id: 'young', runId: 'recent', changedAt: Date.now() + 60_000 },
      { id: 'unknown', runId: undefined, changedAt: 0 },
      { id: 'stuck', runId: 'unknown', changedAt: 0 },
    ])
    const options = { olderThanMs: 0, stores: [store] }
    const dry = await server.runner.reap({ dryRun: true, ...options })
    expect(
      dry.items.filter(({ action }) => action === 'would_remove').map(({ kind, runId }) => `${kind} ${runId}`),
    ).toEqual([`Secret ${abandoned.runId}`, `journal ${abandoned.runId}`, 'journal unknown'])
    expect(store.left()).toHaveLength(5)
    const wet = await server.runner.reap({ dryRun: false, ...options })
    expect(wet.items.map(({ kind, id, action, reason }) => [kind === 'Secret' ? kind : id, action, reason])).toEqual(
      expect.arrayContaining([
        ['Secret', 'kept', 'its run is live'],
        ['Secret', 'removed', 'no live Job or pod refers to it'],
        ['of the living', 'kept', 'its run is live'],
        ['of the dead', 'removed', 'no live Job or pod refers to it'],
        ['young', 'kept', 'it is young'],
        ['unknown', 'kept', 'it does not say which run it is for'],
        ['stuck', 'failed', 'the volume is read-only'],
      ]),
    )
    expect(store.left()).toEqual(['of the living', 'young', 'unknown', 'stuck'])
    const { items } = await server.client.list(kinds.Secret, {
      namespace,
      labelSelector: 'agent-jobs.dev/managed=true',
    })
    expect(items).toHaveLength(1)
    expect(world.deletedJobs.size).toBe(0)
    expect(await run.cancel({ by: 'test', graceSeconds: 1 })).toBe('gone')
  })

  it('keeps everything younger than an hour by default', async () => {
    await using world = await startWorld({ seed: 32 })
    const server = world.server()
    await server.client.create(kinds.Secret, buildManifest(frames(['wait']), namespace).secret)
    const { items } = await server.runner.reap({ dryRun: false })
    expect(items).toMatchObject([{ kind: 'Secret', action: 'kept', reason: 'it is young' }])
  })

  it('rejects an invalid age', async () => {
    await using world = await startWorld({ seed: 33 })
    const { runner } = world.server()
    await expect(runner.reap({ dryRun: true, olderThanMs: Number.NaN })).rejects.toThrow(
      'Expected `olderThanMs` to be a non-negative number, got `NaN`',
    )
  })
})

describe('list', () => {
  it('returns the runs, newest first, with their state, and narrows by label', async () => {
    await using world = await startWorld({ seed: 34 })
    const server = world.server()
    const ended = await server.runner.start(frames(['exit', '3'], { retain: true, labels: { team: 'a' } }))
    await ended.settled
    const queued = await server.runner.start(frames(['wait'], { queue: { name: 'q' } }))
    const active = await server.runner.start(frames(['wait'], { labels: { team: 'a' } }))
    const failed = new AbortController()
    for await (const event of server.client.listWatch(kinds.Job, { namespace, signal: failed.signal })) {
      if (event.type !== 'synced' && event.object.status?.conditions?.some(({ type }) => type === 'Failed')) break
    }
    failed.abort()
    const states = Object.fromEntries((await server.runner.list()).map(({ runId, state }) => [runId, state]))
    expect(states).toEqual({ [ended.runId]: 'failed', [queued.runId]: 'queued', [active.runId]: 'active' })
    const narrowed = await server.runner.list({ labelSelector: 'team=a' })
    expect(narrowed.map(({ runId }) => runId).toSorted()).toEqual([ended.runId, active.runId].toSorted())
    await Promise.all([queued, active].map((run) => run.cancel({ by: 'test', graceSeconds: 1 })))
  })
})
