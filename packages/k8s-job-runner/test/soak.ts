// The fault runs at full size. Each prints what it did and what it found, and fails when a guarantee is broken.
// usage: node --conditions=@agent-jobs/source test/soak.ts F1|F2|F9|F12|F13|F14 [SEED]
import { createManualClock } from '@agent-jobs/primitives'
import { createKubeClient, kinds } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { apiTrouble } from './support/api-trouble.ts'
import { contend, inParallel, liveAndDie, manyRuns, numbered, seeded, type Death } from './support/faults.ts'
import { createJobRunner } from '../src/index.ts'
import { measureMemory, type Memory } from './support/measure-memory.ts'
import { startKubeProcess } from './support/start-kube-process.ts'
import { stopRealProcess } from './support/run-process.ts'
import { collect, firstLine, frames, rest, startWorld } from './support/world.ts'

const [name = '', seedText = '1'] = process.argv.slice(2)
const seed = Number(seedText)
const say = (text: string): void => console.log(`${new Date().toISOString()} ${text}`)
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
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
  const report = await apiTrouble(world, { rounds: 36, badMs: 14_000, goodMs: 3000 })
  assert.deepEqual(report.wrong, [])
  assert.equal(world.mostLivePods(), 1)
  say(
    `429, 5xx, 401, lost answers and ${report.rotations} rotated tokens for ten minutes: ` +
      `${report.runs} runs, every line once, each succeeded`,
  )
  const clock = createManualClock({ wallTime: Date.now() })
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
    ['in its queue', frames(['wait'], { queue: { name: 'q' } })],
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
  assert.deepEqual([started.length, new Set(refused)], [1, new Set(['run_locked'])])
  say('1,000 starts of one key from two processes: one Job')
  const dead = world.server()
  const first = await dead.runner.start(frames(['lines', '1'], { key: 'held' }))
  await dead.kill()
  await first.detach()
  const witness = await world.server().runner.attach({ job: first.job.name })
  await witness.outcome
  await witness.detach()
  const after = await contend([world.server(), world.server()], 'held', 1000)
  assert.deepEqual([after.started.length, new Set(after.refused)], [1, new Set(['run_locked'])])
  assert.equal(world.mostLivePods(), 1)
  say('1,000 starts of a key whose holder is dead: one Job')
  await Promise.all([...started, ...after.started].map((run) => run.detach()))
}

async function f14(): Promise<void> {
  await using kube = await startKubeProcess(seed)
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromString(kube.kubeConfig)
  const client = createKubeClient({ kubeConfig })
  const runner = createJobRunner({ client, namespace: 'default' })
  const memory: Memory[] = []
  // Enough lines for the slowest start and all rounds, so that all runs are printing in every round.
  const size = { runs: 1000, lines: 340, everyMs: 1000, rounds: 30, roundMs: 9500 }
  const result = await manyRuns(runner, size, async (round) => {
    memory.push(await measureMemory())
    say(`round ${round}: heap ${memory.at(-1)?.heap.toFixed(1)} MiB, RSS ${memory.at(-1)?.rss.toFixed(0)} MiB`)
    await kube.ask({ restart: { runs: size.runs, downMs: 500 } })
  })
  const { mostLivePods } = await kube.ask({ report: true })
  assert.deepEqual(result, { wrong: [], outcomes: { succeeded: size.runs } })
  assert.equal(mostLivePods, 1)
  await client.close()
  // The first rounds are those in which runs start and buffers grow to their size, the last ones those in which they end.
  const steady = memory.slice(5, -2)
  const third = Math.floor(steady.length / 3)
  const heap = [
    mean(steady.slice(0, third).map((each) => each.heap)),
    mean(steady.slice(-third).map((each) => each.heap)),
  ]
  const rss = [mean(steady.slice(0, third).map((each) => each.rss)), mean(steady.slice(-third).map((each) => each.rss))]
  say(
    `1,000 runs for five minutes, the server away and streams reset every 10 s: nothing lost; first to last third of the rounds: ` +
      `heap ${heap.map((mib) => mib.toFixed(1)).join(' → ')} MiB, RSS ${rss.map((mib) => mib.toFixed(0)).join(' → ')} MiB`,
  )
  for (const [first = 0, last = 0] of [heap, rss])
    assert.ok(last <= first * 1.05, `memory grew: ${first} → ${last} MiB`)
}

const all: Record<string, () => Promise<void>> = { F1: f1, F2: f2, F9: f9, F12: f12, F13: f13, F14: f14 }
const chosen = all[name]
if (chosen === undefined) {
  console.error(`usage: soak.ts ${Object.keys(all).join('|')} [SEED]`)
  process.exitCode = 2
} else await chosen()
