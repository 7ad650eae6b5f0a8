import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createKubeClient, kinds } from '@agent-jobs/kube-api'
import { KubeConfig, type V1Job } from '@kubernetes/client-node'
import { figure, percentile, type Bench, type Figure } from './figure.ts'

const count = 1_000
const watchers = 50
const requests = 2_000
const namespace = 'default'

interface Cost {
  cpuMs: number
  rss: number
  heapUsed: number
}

const job = (index: number): V1Job => ({
  metadata: { name: `load-${index}` },
  spec: {
    backoffLimit: 0,
    template: {
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        containers: [{ name: 'main', image: 'fn' }],
      },
    },
  },
})

/** Runs `work` for 0 … total-1, with this many at a time. */
async function inParallel(total: number, lanes: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < total) await work(next++)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** Counts the events of a watch of all pods until it is closed. */
async function watchPods(config: KubeConfig, signal: AbortSignal): Promise<number> {
  let seen = 0
  const server = config.getCurrentCluster()?.server ?? ''
  try {
    const { body } = await fetch(`${server}/api/v1/namespaces/${namespace}/pods?watch=true`, { signal })
    const chunks: AsyncIterable<Uint8Array> = body ?? new ReadableStream()
    for await (const chunk of chunks) seen += chunk.filter((byte) => byte === 10).length
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return seen
}

/** A thousand pods at once: how much of one core mini-kube uses for them, and how fast it answers. */
export const bench: Bench = async (log) => {
  const server = fork(fileURLToPath(new URL('mini-kube/function-cluster.ts', import.meta.url)), {
    execArgv: ['--conditions=@agent-jobs/source'],
  })
  const answer = async <T>() => (await once(server, 'message'))[0] as T
  const { kubeConfig } = await answer<{ kubeConfig: string }>()
  const config = new KubeConfig()
  config.loadFromString(kubeConfig)
  const client = createKubeClient({ kubeConfig: config })
  const cost = async () => {
    const answered = answer<Cost>()
    server.send('cost')
    return answered
  }
  /** Resolves when this many pods satisfy the test at the same time. */
  const pods = async (wanted: number, test: (phase: string | undefined) => boolean): Promise<void> => {
    const fitting = new Set<string>()
    const watching = new AbortController()
    let synced = false
    for await (const event of client.listWatch(kinds.Pod, { namespace, signal: watching.signal })) {
      if (event.type === 'synced') synced = true
      else {
        const name = event.object.metadata?.name ?? ''
        if (event.type !== 'deleted' && test(event.object.status?.phase)) fitting.add(name)
        else fitting.delete(name)
      }
      if (synced && fitting.size === wanted) break
    }
    watching.abort()
  }
  const timed = async (work: () => Promise<void>) => {
    const before = await cost()
    const start = performance.now()
    await work()
    const seconds = (performance.now() - start) / 1_000
    const { cpuMs } = await cost()
    return { seconds, cores: (cpuMs - before.cpuMs) / 1_000 / seconds }
  }

  const leave = new AbortController()
  try {
    log(`${count} Jobs, ${watchers} watchers of all pods`)
    const following = Array.from({ length: watchers }, () => watchPods(config, leave.signal))
    const up = await timed(async () => {
      const running = pods(count, (phase) => phase === 'Running')
      await inParallel(count, 20, async (index) => {
        await client.create(kinds.Job, job(index), { namespace })
      })
      await running
    })
    const peak = await cost()
    const { items } = await client.list(kinds.Pod, { namespace })
    const samples: number[] = []
    const busy = await timed(() =>
      inParallel(requests, 8, async (index) => {
        const start = performance.now()
        await client.get(kinds.Pod, { name: items[index % count]?.metadata?.name ?? '', namespace })
        samples.push(performance.now() - start)
      }),
    )
    const down = await timed(async () => {
      await inParallel(count, 20, async (index) => {
        await client.delete(kinds.Job, { name: `load-${index}`, namespace, propagationPolicy: 'Background' })
      })
      await pods(0, () => true)
    })
    leave.abort()
    const seen = await Promise.all(following)
    const mib = (bytes: number) => bytes / 1_048_576
    return [
      figure('events seen by each watcher', Math.min(...seen), 'events', { target: 3 * count, better: 'higher' }),
      figure(`${count} Jobs made, all pods running`, up.seconds, 's', { target: 30 }),
      figure('cores used during startup', up.cores, 'cores'),
      figure('one GET while they run, p50', percentile(samples, 0.5), 'ms'),
      figure('one GET while they run, p99', percentile(samples, 0.99), 'ms', { target: 50 }),
      figure('GETs a second', requests / busy.seconds, '1/s'),
      figure('all deleted and gone', down.seconds, 's', { target: 30 }),
      figure('memory of the process', mib(peak.rss), 'MiB', { target: 512 }),
      figure('its heap', mib(peak.heapUsed), 'MiB'),
    ] satisfies Figure[]
  } finally {
    leave.abort()
    await client.close()
    server.disconnect()
    await once(server, 'exit')
  }
}
