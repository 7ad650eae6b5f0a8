// The fault runs in their full sizes. Each prints what it did and what it found, and fails when a promise is broken.
// usage: node --conditions=@agent-jobs/source test/soak.ts F1|F2|F9|F12|F13|F14 [SEED]
import { createManualClock } from '@agent-jobs/mini-kube'
import { kinds } from '@agent-jobs/kube-api'
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { contend, inParallel, liveAndDie, manyRuns, numbered, seeded, type Death } from './support/faults.ts'
import { stopRealProcess } from './support/run-process.ts'
import { collect, firstLine, frames, linesOf, rest, startWorld } from './support/world.ts'

const [name = '', seedText = '1'] = process.argv.slice(2)
const seed = Number(seedText)
const say = (text: string): void => console.log(`${new Date().toISOString()} ${text}`)
const times = (count: number): Iterable<number> => Array.from({ length: count }).keys()

async function killed(deathsOf: () => Death[], count: number): Promise<void> {
  await using world = await startWorld({ seed })
  await inParallel(times(count), 8, async () => {
    const ledger = await liveAndDie(world, frames(['lines', '60', '2']), deathsOf())
    assert.deepEqual(ledger.lines, numbered(60))
    assert.deepEqual([ledger.gaps, ledger.outcomes.map(({ kind }) => kind)], [0, ['succeeded']])
  })
  assert.equal(world.mostLivePods(), 1)
}

async function f1(): Promise<void> {
  const random = seeded(seed)
  await killed(() => Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({ afterMs: random() * 150 })), 1000)
  say('1,000 runs, killed at one to three seeded instants each: every line once, one outcome, one pod')
  for (const afterWrite of ['secret', 'job', 'link', 'delete'] as const) {
    await killed(() => [{ afterWrite }], 50)
    say(`50 runs, killed after the write "${afterWrite}": the same`)
  }
}

async function f2(): Promise<void> {
  await using world = await startWorld({ seed })
  const { exitMs, jobs, secrets } = await stopRealProcess(world, 100, 'SIGTERM')
  assert.deepEqual({ jobs, secrets, deleted: world.deletedJobs.size }, { jobs: 100, secrets: 100, deleted: 0 })
  assert.ok(exitMs <= 5000)
  say(`SIGTERM of a process with 100 runs: gone after ${Math.round(exitMs)} ms, 0 Jobs deleted`)
}

async function f9(): Promise<void> {
  await using world = await startWorld({ seed })
  const server = world.server()
  const run = await server.runner.start(frames(['lines', '6000', '100']))
  const events = collect(run.events)
  const endsAt = Date.now() + 600_000
  for (let round = 0; Date.now() < endsAt; round += 1) {
    const status = [429, 500, 503, 504, 401][round % 5] ?? 500
    const fault = await world.kube.faults.inject({ kind: 'error', status, retryAfterSeconds: 1, probability: 0.7 })
    await world.kube.faults.inject({ kind: 'cut-all' })
    await sleep(15_000)
    await fault.remove()
    await sleep(2000)
  }
  assert.deepEqual(linesOf(await events), numbered(6000))
  assert.equal((await run.outcome).kind, 'succeeded')
  say('429, 5xx and 401 for ten minutes: 6,000 lines once')
  const clock = createManualClock({ start: Date.now() })
  const blind = world.server({ clock, random: () => 0.5 })
  const stuck = await blind.runner.start(frames(['wait'], { scheduling: { nodeSelector: { none: 'such' } } }))
  const away = await world.kube.faults.inject({ kind: 'api-down' })
  for (let minute = 0; minute < 30; minute += 1) await clock.advance(60_000)
  await away.remove()
  const job = await world.server().client.get(kinds.Job, { name: stuck.job.name, namespace: 'default' })
  assert.equal(job.metadata?.deletionTimestamp, undefined)
  say('API server away for 30 minutes on the clock: nothing decided, nothing deleted')
  await stuck.detach()
}

async function f12(): Promise<void> {
  await using world = await startWorld({ seed })
  const server = world.server()
  const random = seeded(seed)
  const seen: Record<string, number> = {}
  await inParallel(times(1000), 20, async () => {
    const run = await server.runner.start(frames(['lines', '10', '2']))
    await sleep(random() * 60)
    const verdict = run.cancel({ by: 'soak', graceSeconds: 1 })
    const outcomes = (await collect(run.events)).filter(({ type }) => type === 'outcome')
    assert.equal(outcomes.length, 1)
    assert.equal(await verdict, 'gone')
    const { kind } = await run.outcome
    seen[kind] = (seen[kind] ?? 0) + 1
  })
  assert.deepEqual(Object.keys(seen).toSorted(), ['cancelled', 'succeeded'])
  say(`cancel against completion, 1,000 times: one outcome each, ${JSON.stringify(seen)}`)
  const states = [
    ['without a node', frames(['wait'], { scheduling: { nodeSelector: { none: 'such' } } })],
    ['in its queue', frames(['wait'], { queue: 'q' })],
    ['running', frames(['wait'])],
    ['deaf', frames(['deaf'])],
  ] as const
  for (const [state, request] of states) {
    await inParallel(times(20), 10, async () => {
      const { key, runId } = frames([])
      const run = await server.runner.start({ ...request, key, runId })
      const started = state === 'running' || state === 'deaf'
      const events = started ? await firstLine(run) : run.events[Symbol.asyncIterator]()
      const verdict = run.cancel({ by: 'soak', graceSeconds: 1 })
      await rest(events)
      assert.equal((await run.outcome).kind, 'cancelled')
      assert.equal(await verdict, 'gone')
    })
    say(`cancel while ${state}, 20 times: cancelled and gone`)
  }
}

async function f13(): Promise<void> {
  await using world = await startWorld({ seed })
  const servers = [world.server({ handoverMs: 0 }), world.server({ handoverMs: 0 })]
  const { started, refused } = await contend(servers, 'fresh', 1000)
  assert.deepEqual([started.length, new Set(refused)], [1, new Set(['key_busy'])])
  say('1,000 starts of one key from two processes: one Job')
  const dead = world.server()
  const first = await dead.runner.start(frames(['lines', '1'], { key: 'held' }))
  await dead.kill()
  await first.detach()
  const witness = await world.server().runner.attach({ job: first.job.name })
  await witness.outcome
  await witness.detach()
  const after = await contend([world.server(), world.server()], 'held', 1000)
  assert.deepEqual([after.started.length, new Set(after.refused)], [1, new Set(['key_busy'])])
  assert.equal(world.mostLivePods(), 1)
  say('1,000 starts of a key whose holder is dead: one Job')
  await Promise.all([...started, ...after.started].map((run) => run.detach()))
}

async function f14(): Promise<void> {
  await using world = await startWorld({ seed })
  const memory: number[] = []
  const watch = setInterval(() => memory.push(Math.round(process.memoryUsage().rss / 1_048_576)), 10_000)
  const result = await manyRuns(world, {
    runs: 1000,
    lines: 280,
    everyMs: 1000,
    rounds: 28,
    roundMs: 9500,
    downMs: 500,
  })
  clearInterval(watch)
  assert.deepEqual(result, { wrong: [], outcomes: { succeeded: 1000 } })
  assert.equal(world.mostLivePods(), 1)
  say(
    `1,000 runs for five minutes, the server away and streams reset every 10 s: nothing lost; RSS in MiB ${memory.join(' ')}`,
  )
}

const all: Record<string, () => Promise<void>> = { F1: f1, F2: f2, F9: f9, F12: f12, F13: f13, F14: f14 }
const chosen = all[name]
if (chosen === undefined) {
  console.error(`usage: soak.ts ${Object.keys(all).join('|')} [SEED]`)
  process.exitCode = 2
} else await chosen()
