import { kinds } from '@agent-jobs/kube-api'
import {
  RunError,
  type JobRunner,
  type Outcome,
  type RunEvent,
  type RunHandle,
  type RunReference,
  type RunRequest,
} from '../../src/index.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { frames, type Server, type World } from './world.ts'

/** Numbers between 0 and 1 that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Does work for every item, so many at a time. */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]()
  const lane = async (): Promise<void> => {
    for (;;) {
      const { done, value } = iterator.next()
      if (done === true) return
      await work(value)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
}

/** What a caller stores beside its work: what it has got, and where to go on. */
interface Ledger {
  lines: string[]
  reference: RunReference | undefined
  outcomes: Outcome[]
  gaps: number
}

function note(ledger: Ledger, event: RunEvent): void {
  if (event.type === 'line') {
    ledger.lines.push(event.text)
    if (ledger.reference !== undefined) ledger.reference = { ...ledger.reference, cursor: event.cursor }
  } else if (event.type === 'outcome') ledger.outcomes.push(event.outcome)
  else if (event.type === 'gap') ledger.gaps += 1
}

async function follow(ledger: Ledger, run: RunHandle): Promise<void> {
  ledger.reference ??= { job: run.job.name, uid: run.job.uid }
  for await (const event of run.events) note(ledger, event)
  await run.settled
}

/** When a process dies: some time after it has begun, or right after a request of a kind was answered. */
export type Death = { afterMs: number } | { afterWrite: 'secret' | 'job' | 'link' | 'delete' }

/** Lives of one caller: it starts its run, dies on schedule, and the next life continues where the last one stopped. */
export async function liveAndDie(world: World, request: RunRequest, deaths: Death[]): Promise<Ledger> {
  const ledger: Ledger = { lines: [], reference: undefined, outcomes: [], gaps: 0 }
  for (const death of [...deaths, undefined]) {
    if (ledger.outcomes.length > 0) break
    const server = world.server()
    const life = (async () => {
      const run =
        ledger.reference === undefined
          ? await server.runner.start(request)
          : await server.runner.attach(ledger.reference)
      await follow(ledger, run)
    })()
    if (death === undefined) {
      await life
      continue
    }
    const doom = 'afterMs' in death ? sleep(death.afterMs) : afterRequest(server, death.afterWrite)
    const ended = await Promise.race([
      life.then(
        () => true,
        () => true,
      ),
      doom.then(() => false),
    ])
    await server.kill()
    if (!ended) life.catch(() => undefined)
  }
  return ledger
}

const patterns = {
  secret: /^POST .*\/secrets /,
  job: /^POST .*\/jobs /,
  link: /^PATCH .*\/secrets\//,
  delete: /^DELETE .*\/jobs\//,
}

/** Resolves when a request of a kind has been answered. */
function afterRequest(server: Server, write: keyof typeof patterns): Promise<void> {
  return new Promise((resolve) => {
    const push = server.requests.push.bind(server.requests)
    server.requests.push = (...items) => {
      if (items.some((item) => patterns[write].test(item))) resolve()
      return push(...items)
    }
  })
}

/** The lines a run of frame-container.ts prints. */
export const numbered = (count: number): string[] => Array.from({ length: count }, (_, line) => `line ${line}`)

/** Starts a key many times at once from some servers, and returns how each start ended. */
export async function contend(
  servers: Server[],
  key: string,
  times: number,
): Promise<{ started: RunHandle[]; refused: string[] }> {
  const started: RunHandle[] = []
  const refused: string[] = []
  await Promise.all(
    Array.from({ length: times }, async (_, index) => {
      try {
        const server = servers[index % servers.length]
        if (server !== undefined) started.push(await server.runner.start(frames(['wait'], { key })))
      } catch (error) {
        refused.push(RunError.isInstance(error) ? error.code : String(error))
      }
    }),
  )
  return { started, refused }
}

/** All existing objects of the runs of this package. */
export async function remains(server: Server): Promise<{ jobs: number; secrets: number; pods: number }> {
  const selection = { namespace: 'default', labelSelector: 'agent-jobs.dev/managed=true' }
  const [jobs, secrets, pods] = await Promise.all([
    server.client.list(kinds.Job, selection),
    server.client.list(kinds.Secret, selection),
    server.client.list(kinds.Pod, selection),
  ])
  return { jobs: jobs.items.length, secrets: secrets.items.length, pods: pods.items.length }
}

/** One bad moment of a server: a tenth of the log streams reset a little later, all connections now, and none for a while. */
export interface Restart {
  runs: number
  downMs: number
}

/** Restarts the API server of a world, as its clients see it. */
export async function restart({ kube }: World, { runs, downMs }: Restart): Promise<void> {
  await kube.faults.inject({
    kind: 'cut',
    how: 'reset',
    afterBytes: [0, 20_000],
    probability: 0.1,
    times: runs / 10,
    match: { path: '/log?' },
  })
  await kube.faults.inject({ kind: 'cut-all' })
  const down = await kube.faults.inject({ kind: 'api-down' })
  await sleep(downMs)
  await down.remove()
}

/** Starts the same run again, as the error of a start with unknown result advises. */
export async function startInTheEnd(runner: JobRunner, request: RunRequest): Promise<RunHandle> {
  for (;;) {
    try {
      return await runner.start(request)
    } catch (error) {
      if (!RunError.isInstance(error) || error.code !== 'unreachable') throw error
    }
  }
}

/** Many runs at once, disturbed again and again. Keeps nothing of their output: each line is judged as it comes. */
export async function manyRuns(
  runner: JobRunner,
  o: { runs: number; lines: number; everyMs: number; rounds: number; roundMs: number },
  disturb: (round: number) => Promise<void>,
): Promise<{ wrong: string[]; outcomes: Record<string, number> }> {
  const wrong: string[] = []
  const outcomes: Record<string, number> = {}
  async function judge(run: RunHandle): Promise<void> {
    let next = 0
    for await (const event of run.events) {
      if (event.type === 'line') next = event.text === `line ${next}` ? next + 1 : Number.NaN
    }
    if (next !== o.lines) wrong.push(run.runId)
    const { kind } = await run.outcome
    outcomes[kind] = (outcomes[kind] ?? 0) + 1
    await run.settled
  }
  const runs: Promise<void>[] = []
  await inParallel(Array.from({ length: o.runs }).keys(), 50, async () => {
    runs.push(judge(await startInTheEnd(runner, frames(['lines', String(o.lines), String(o.everyMs)]))))
  })
  for (let round = 0; round < o.rounds; round += 1) {
    await sleep(o.roundMs)
    await disturb(round)
  }
  await Promise.all(runs)
  return { wrong, outcomes }
}
