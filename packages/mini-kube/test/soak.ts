// Churn without growth: `pnpm soak mini-kube [--rounds N] [--jobs N] [--kilobytes N]`.
// Each round makes Jobs, opens and drops watchers, follows and drops logs, rotates them, posts Events, and deletes it all.
// Heap and disk after the last rounds must be those after the first, when the watch windows and Events were full.
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startMiniKube, type FunctionContainer } from '../src/index.ts'
import { testClient } from './test-client.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '24' },
    jobs: { type: 'string', default: '200' },
    kilobytes: { type: 'string', default: '64' },
  },
})
const [rounds, jobs, kilobytes] = [Number(values.rounds), Number(values.jobs), Number(values.kilobytes)]
const collect = globalThis.gc
if (collect === undefined) throw new Error('run it with --expose-gc, as `pnpm soak mini-kube` does')

const watchWindow = 1_000
const eventLimit = 500
const line = `${'x'.repeat(1_022)}\n`
/** Writes its log and runs until it is stopped; every other one exits on its own. */
const talker: FunctionContainer = async ({ stdout, signal, env }) => {
  for (let written = 0; written < kilobytes; written++) stdout(line)
  if (env['STAYS'] === 'no') return 0
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  return 0
}

await using kube = await startMiniKube({
  images: { fn: { run: talker } },
  watchWindow,
  eventLimit,
  logRotateBytes: 16 * 1024,
})
const client = testClient(kube)
const api = '/api/v1/namespaces/default'
const jobsPath = '/apis/batch/v1/namespaces/default/jobs'

const bodyOf = (name: string, index: number) => ({
  metadata: { name, labels: { round: 'soak' } },
  spec: {
    backoffLimit: 0,
    template: {
      spec: {
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'a', image: 'fn', env: [{ name: 'STAYS', value: index % 2 === 0 ? 'no' : 'yes' }] }],
      },
    },
  },
})

/** Follows something for a while and leaves without a word. */
async function drop(path: string, stop: AbortSignal): Promise<number> {
  try {
    return (await client.text(path, stop)).body.length
  } catch (error) {
    if (!stop.aborted) throw error
    return 0
  }
}

let bytes = 0
let made = 0

async function round(number: number): Promise<void> {
  const leave = new AbortController()
  const watchers = Array.from({ length: 20 }, (_, index) =>
    drop(index % 2 === 0 ? `${api}/pods?watch=true` : `${jobsPath}?watch=true`, leave.signal),
  )
  for (let start = 0; start < jobs; start += 50) {
    const some = Array.from({ length: Math.min(50, jobs - start) }, (_, index) => start + index)
    await Promise.all(some.map((index) => client.send('POST', jobsPath, bodyOf(`soak-${number}-${index}`, index))))
  }
  made += jobs
  const last = `soak-${number}-${jobs - 1}`
  const pod = await client.until(`${api}/pods?labelSelector=job-name=${last}`, (one) => one.status?.phase === 'Running')
  const followers = Array.from({ length: 10 }, () =>
    drop(`${api}/pods/${pod.metadata.name}/log?follow=true`, leave.signal),
  )
  bytes += jobs * kilobytes * 1_024
  for (let index = 0; index < 20; index++) {
    await client.send('POST', `${api}/events`, {
      metadata: { generateName: 'soak-' },
      involvedObject: { kind: 'Pod', name: pod.metadata.name, namespace: 'default' },
      reason: 'Soak',
      message: `round ${number}, ${index}`,
      type: 'Normal',
    })
  }
  await client.send('DELETE', `${jobsPath}?labelSelector=round=soak`, { propagationPolicy: 'Foreground' })
  const gone = async (list: string, of: string): Promise<void> => {
    const left = await client.get(`${list}?labelSelector=${of}`)
    const [one] = left.body.items ?? []
    if (one === undefined) return
    await client.until(
      `${list}?fieldSelector=metadata.name=${one.metadata.name}&resourceVersion=${left.body.metadata.resourceVersion}`,
      (_, type) => type === 'DELETED',
    )
    await gone(list, of)
  }
  await gone(jobsPath, 'round=soak')
  await gone(`${api}/pods`, 'job-name')
  leave.abort(new Error('the round has ended'))
  await Promise.all([...watchers, ...followers])
}

/** Bytes of all files below a folder; files removed during the count are ignored. */
async function diskBytes(folder: string): Promise<number> {
  const gone = (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
  let sum = 0
  for (const entry of (await readdir(folder, { withFileTypes: true }).catch(gone)) ?? []) {
    const path = join(folder, entry.name)
    sum += entry.isDirectory() ? await diskBytes(path) : ((await stat(path).catch(gone))?.size ?? 0)
  }
  return sum
}

const mib = (size: number) => Math.round((size / 1_048_576) * 10) / 10
const heaps: number[] = []
console.log('round  jobs so far  log MiB so far  heap MiB  rss MiB  disk MiB  Events')
for (let number = 1; number <= rounds; number++) {
  await round(number)
  await new Promise<void>((resolve) => setImmediate(resolve))
  await collect({ type: 'major', execution: 'async' })
  const { heapUsed, rss } = process.memoryUsage()
  heaps.push(heapUsed)
  const events = (await client.get('/api/v1/events')).body.items?.length ?? 0
  const disk = await diskBytes(kube.dataDir)
  console.log([number, made, mib(bytes), mib(heapUsed), mib(rss), mib(disk), events].join('\t'))
  if (events > eventLimit + 100) throw new Error(`${events} Events are kept, the limit is ${eventLimit}`)
  if (disk > 4 * 1_048_576) throw new Error(`${mib(disk)} MiB of files are left when every pod is gone`)
}
const median = (list: number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
const quarter = Math.max(1, Math.floor(rounds / 4))
const [early, late] = [median(heaps.slice(quarter, 2 * quarter)), median(heaps.slice(-quarter))]
const growth = late - early
console.log(`heap: median of the second quarter ${mib(early)} MiB, of the last ${mib(late)} MiB`)
if (rounds >= 8 && growth > 4 * 1_048_576) {
  console.error(`the heap grew by ${mib(growth)} MiB while nothing was left behind`)
  process.exitCode = 1
}
