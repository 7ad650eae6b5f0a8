import { createManualClock } from '@agent-jobs/primitives'
import { kinds } from '@agent-jobs/kube-api'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { apiTrouble } from '../test/support/api-trouble.ts'
import {
  contend,
  inParallel,
  liveAndDie,
  manyRuns,
  numbered,
  restart,
  seeded,
  type Death,
} from '../test/support/faults.ts'
import { stopRealProcess } from '../test/support/run-process.ts'
import { buildManifest } from './manifest.ts'
import { collect, firstLine, frames, linesOf, readUntil, rest, startWorld } from '../test/support/world.ts'

// Dozens of runs each; they take many times longer on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

describe('kill -9 of the process that runs a Job', () => {
  it('at seeded instants costs no line, repeats none, and never makes a second pod', async () => {
    await using world = await startWorld({ seed: 1 })
    const random = seeded(11)
    await inParallel(Array.from({ length: 24 }).keys(), 6, async () => {
      const deaths = Array.from({ length: 1 + Math.floor(random() * 3) }, (): Death => ({ afterMs: random() * 150 }))
      const ledger = await liveAndDie(world, frames(['lines', '60', '2']), deaths)
      expect(ledger.lines).toEqual(numbered(60))
      expect(ledger.gaps).toBe(0)
      expect(ledger.outcomes).toMatchObject([{ kind: 'succeeded' }])
    })
    expect(world.mostLivePods()).toBe(1)
  })

  it.each(['secret', 'job', 'link'] as const)(
    'after the write of the %s is healed by starting again',
    async (afterWrite) => {
      await using world = await startWorld({ seed: 2 })
      await inParallel(Array.from({ length: 10 }).keys(), 5, async () => {
        const ledger = await liveAndDie(world, frames(['lines', '20', '2']), [{ afterWrite }])
        expect(ledger.lines).toEqual(numbered(20))
        expect(ledger.outcomes).toMatchObject([{ kind: 'succeeded' }])
      })
      expect(world.mostLivePods()).toBe(1)
    },
  )

  it('after the delete of the Job leaves nothing to do', async () => {
    await using world = await startWorld({ seed: 3 })
    const ledger = await liveAndDie(world, frames(['lines', '20', '2']), [{ afterWrite: 'delete' }])
    expect(ledger.lines).toEqual(numbered(20))
    expect(ledger.outcomes).toMatchObject([{ kind: 'succeeded' }])
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    '(%s) of a real process with runs deletes nothing and ends at once',
    async (signal) => {
      await using world = await startWorld({ seed: 19 })
      const { exitMs, jobs, secrets } = await stopRealProcess(world, 8, signal)
      expect({ jobs, secrets, deleted: world.deletedJobs.size }).toEqual({ jobs: 8, secrets: 8, deleted: 0 })
      expect(exitMs).toBeLessThan(5000)
    },
  )

  it('deletes no Job', async () => {
    await using world = await startWorld({ seed: 4 })
    const server = world.server()
    const runs = await Promise.all(Array.from({ length: 30 }, () => server.runner.start(frames(['wait']))))
    await server.kill()
    const { items } = await world.server().client.list(kinds.Job, { namespace: 'default' })
    expect(items).toHaveLength(30)
    expect(world.deletedJobs.size).toBe(0)
    await Promise.all(runs.map((run) => run.detach()))
  })
})

describe('an API server in trouble', () => {
  it.each([
    ['the Secret', { method: 'POST', path: '/secrets' }],
    ['the Job', { method: 'POST', path: '/jobs' }],
    ['the link between them', { method: 'PATCH', path: '/secrets' }],
  ])('that applies the write of %s and loses the answer makes one run all the same', async (_, match) => {
    await using world = await startWorld({ seed: 5 })
    await world.kube.faults.inject({ kind: 'cut', afterBytes: 0, how: 'reset', match, times: 1 })
    const run = await world.server().runner.start(frames(['lines', '5', '1']))
    expect(linesOf(await collect(run.events))).toEqual(numbered(5))
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
    expect(world.mostLivePods()).toBe(1)
  })

  it.each([
    ['429', { kind: 'error', status: 429, retryAfterSeconds: 0 }],
    ['500', { kind: 'error', status: 500 }],
    ['503', { kind: 'error', status: 503 }],
  ] as const)('that answers %s to half of everything does not hurt a run', async (_, fault) => {
    await using world = await startWorld({ seed: 6 })
    await world.kube.faults.inject({ ...fault, probability: 0.5, times: 20 })
    const server = world.server()
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        const run = await server.runner.start(frames(['lines', '20', '2']))
        expect(linesOf(await collect(run.events))).toEqual(numbered(20))
        expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
      }),
    )
    expect(world.mostLivePods()).toBe(1)
  })

  it('that refuses requests, cuts connections, rotates tokens and loses answers for a while costs no line and no run', async () => {
    await using world = await startWorld({ seed: 21 })
    const report = await apiTrouble(world, { rounds: 6, badMs: 300, goodMs: 200 })
    expect(report).toEqual({ runs: 7, rotations: 1, wrong: [] })
    // The watch that counts goes through the same trouble, and may miss a pod.
    expect(world.mostLivePods()).toBeLessThanOrEqual(1)
  })

  it('that serves no log in time keeps the Job, and a later attach reads the whole log', async () => {
    await using world = await startWorld({ seed: 23 })
    const mute = await world.kube.faults.inject({ kind: 'error', status: 500, match: { path: '/log?' } })
    const server = world.server({ drainMs: 300 })
    const run = await server.runner.start(frames(['lines', '20', '2']))
    expect((await collect(run.events)).slice(-2)).toMatchObject([{ type: 'output' }, { type: 'outcome' }])
    await run.settled
    expect(server.warnings).toContainEqual(expect.stringMatching(/^not_drained: Job run-key/))
    expect(world.deletedJobs.size).toBe(0)
    await mute.remove()
    const later = world.server()
    const again = await later.runner.attach({ job: run.job.name })
    expect(linesOf(await collect(again.events))).toEqual(numbered(20))
    await again.settled
    expect(later.requests).toContainEqual(expect.stringMatching(/^DELETE .*\/jobs\/run-key/))
  })

  it('that has never taken the credentials is not retried', async () => {
    await using world = await startWorld({ seed: 22 })
    await world.kube.faults.inject({ kind: 'error', status: 401, match: { method: 'POST' } })
    await expect(world.server().runner.start(frames(['wait']))).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('401'),
    })
  })

  it('that cuts every connection again and again loses no line', async () => {
    await using world = await startWorld({ seed: 7 })
    const server = world.server()
    const run = await server.runner.start(frames(['lines', '300', '5']))
    const events = collect(run.events)
    for (let cut = 0; cut < 4; cut += 1) {
      await sleep(150)
      await world.kube.faults.inject({ kind: 'cut-all' })
    }
    expect(linesOf(await events)).toEqual(numbered(300))
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
  })

  it('that is away for half an hour ends nothing and deletes nothing', async () => {
    await using world = await startWorld({ seed: 8 })
    const clock = createManualClock({ wallTime: Date.now() })
    const server = world.server({ clock, random: () => 0.5 })
    const stuck = await server.runner.start(frames(['wait'], { scheduling: { nodeSelector: { none: 'such' } } }))
    const pending = stuck.events[Symbol.asyncIterator]()
    await readUntil(pending, (event) => event.type === 'phase' && event.message.includes('No node fits'))
    const running = await server.runner.start(frames(['wait']))
    const lines = await firstLine(running)
    const away = await world.kube.faults.inject({ kind: 'api-down' })
    for (let minute = 0; minute < 30; minute += 1) await clock.advance(60_000)
    expect(world.deletedJobs.size).toBe(0)
    await away.remove()
    const jobs = await world.server().client.list(kinds.Job, { namespace: 'default' })
    expect(jobs.items).toHaveLength(2)
    // The API server is back: judge now what could not be judged before, from the current objects.
    for (let second = 0; second < 30; second += 1) {
      await clock.advance(1000)
      await sleep(20)
    }
    expect(await stuck.outcome).toMatchObject({ kind: 'unschedulable' })
    const cancelled = running.cancel({ by: 'test', graceSeconds: 5 })
    await rest(lines)
    expect(await running.outcome).toMatchObject({ kind: 'cancelled' })
    expect(await cancelled).toBe('gone')
  })
})

describe('cancellation', () => {
  it.each([
    ['before a node is found', frames(['wait'], { scheduling: { nodeSelector: { none: 'such' } } }), false],
    ['while the Job waits in its queue', frames(['wait'], { queue: { name: 'q' } }), false],
    ['while it runs', frames(['wait']), true],
    ['of a command that ignores SIGTERM', frames(['deaf']), true],
  ])('%s ends as cancelled, every time', async (_, request, running) => {
    await using world = await startWorld({ seed: 9 })
    const server = world.server()
    await inParallel(Array.from({ length: 10 }).keys(), 10, async () => {
      const { runId, key } = frames([])
      const run = await server.runner.start({ ...request, runId, key })
      const events = running ? await firstLine(run) : run.events[Symbol.asyncIterator]()
      const verdict = run.cancel({ by: 'ada', graceSeconds: 1 })
      const last = (await rest(events)).at(-1)
      expect(last).toMatchObject({ type: 'outcome', outcome: { kind: 'cancelled', by: 'ada' } })
      expect(await verdict).toBe('gone')
    })
  })

  it('against completion gives exactly one of the two outcomes', async () => {
    await using world = await startWorld({ seed: 10 })
    const server = world.server()
    const random = seeded(12)
    const kindsSeen = new Set<string>()
    await inParallel(Array.from({ length: 60 }).keys(), 10, async (index) => {
      const run = await server.runner.start(frames(['lines', '10', '2']))
      // The first two are certain on any machine: cancelled at once, and cancelled too late.
      if (index === 1) await run.outcome
      else if (index > 1) await sleep(random() * 60)
      const cancelled = run.cancel({ by: 'ada', graceSeconds: 1 })
      const outcomes = (await collect(run.events)).filter(({ type }) => type === 'outcome')
      expect(outcomes).toHaveLength(1)
      const { kind } = await run.outcome
      expect(['cancelled', 'succeeded']).toContain(kind)
      kindsSeen.add(kind)
      expect(await cancelled).toBe('gone')
    })
    expect([...kindsSeen].toSorted()).toEqual(['cancelled', 'succeeded'])
  })

  it('returns `unobserved` when its result cannot be observed', async () => {
    await using world = await startWorld({ seed: 13 })
    const server = world.server()
    const run = await server.runner.start(frames(['deaf']))
    await firstLine(run)
    await world.kube.faults.inject({ kind: 'api-down' })
    const stop = new AbortController()
    const verdict = run.cancel({ by: 'ada', graceSeconds: 1, signal: stop.signal })
    stop.abort()
    expect(await verdict).toBe('unobserved')
    await run.detach()
  })

  it('is reported alike by all followers of the run', async () => {
    await using world = await startWorld({ seed: 14 })
    const run = await world.server().runner.start(frames(['wait']))
    await firstLine(run)
    const other = await world.server().runner.attach({ job: run.job.name })
    await firstLine(other)
    expect(await run.cancel({ by: 'ada', graceSeconds: 1 })).toBe('gone')
    expect(await other.outcome).toMatchObject({ kind: 'cancelled', by: 'ada' })
  })
})

describe('many runs at once', () => {
  it('survive a server that goes away and streams that are reset, with every line once', async () => {
    await using world = await startWorld({ seed: 20 })
    const { wrong, outcomes } = await manyRuns(
      world.server().runner,
      { runs: 50, lines: 60, everyMs: 20, rounds: 3, roundMs: 400 },
      () => restart(world, { runs: 50, downMs: 150 }),
    )
    expect(wrong).toEqual([])
    expect(outcomes).toEqual({ succeeded: 50 })
    expect(world.mostLivePods()).toBe(1)
  })
})

describe('the lock of a key', () => {
  it('lets exactly one of many starts through, from however many processes', async () => {
    await using world = await startWorld({ seed: 15 })
    const servers = [world.server({ handoverMs: 0 }), world.server({ handoverMs: 0 })]
    const { started, refused } = await contend(servers, 'one-key', 200)
    expect(started).toHaveLength(1)
    expect(new Set(refused)).toEqual(new Set(['run_locked']))
    expect(world.mostLivePods()).toBe(1)
    await started[0]?.detach()
  })

  it('passes from a dead holder to exactly one of many starts', async () => {
    await using world = await startWorld({ seed: 16 })
    const dead = world.server()
    const first = await dead.runner.start(frames(['lines', '1'], { key: 'one-key' }))
    await dead.kill()
    await first.detach()
    const servers = [world.server(), world.server()]
    const watcher = await world.server().runner.attach({ job: first.job.name })
    await watcher.outcome
    await watcher.detach()
    const { started, refused } = await contend(servers, 'one-key', 50)
    expect(started).toHaveLength(1)
    expect(new Set(refused)).toEqual(new Set(['run_locked']))
    expect(world.mostLivePods()).toBe(1)
    await started[0]?.detach()
  })

  it('is taken over from a start that never created its Job, once it has been idle', async () => {
    await using world = await startWorld({ seed: 17 })
    const { runner } = world.server({ abandonedMs: 50 })
    const abandoned = buildManifest(frames(['wait'], { key: 'one-key' }), 'default').secret
    await world.server().client.create(kinds.Secret, abandoned)
    const run = await runner.start(frames(['lines', '1'], { key: 'one-key' }))
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
  })

  it('lost while submitting removes the Job just created, and no container of it ever starts', async () => {
    await using world = await startWorld({ seed: 18 })
    const server = world.server()
    const mine = frames(['wait'], { key: 'one-key' })
    const theirs = buildManifest(frames(['wait'], { key: 'one-key' }), 'default').secret
    const name = theirs.metadata?.name ?? ''
    await world.kube.faults.inject({ kind: 'latency', ms: 200, match: { method: 'POST', path: '/jobs' }, times: 1 })
    const starting = server.runner.start(mine)
    const thief = world.server()
    const stop = new AbortController()
    for await (const event of thief.client.listWatch(kinds.Secret, { namespace: 'default', signal: stop.signal })) {
      if (event.type !== 'synced' && event.object.metadata?.name === name) break
    }
    stop.abort()
    await thief.client.delete(kinds.Secret, { name, namespace: 'default' })
    await thief.client.create(kinds.Secret, theirs)
    await expect(starting).rejects.toMatchObject({ code: 'lock_lost' })
    const kept = await thief.client.get(kinds.Secret, { name, namespace: 'default' })
    expect(kept.metadata?.annotations?.['agent-jobs.dev/run-id']).toBe(
      theirs.metadata?.annotations?.['agent-jobs.dev/run-id'],
    )
  })
})
