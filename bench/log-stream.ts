import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createKubeClient } from '@agent-jobs/kube-api'
import { followLogs, kubeLogSource } from '@agent-jobs/log-stream'
import { KubeConfig, Log } from '@kubernetes/client-node'
import { type Bench, type Figure, figure, percentile, threadMs } from './figure.ts'

const streams = 1_000

type Client = ReturnType<typeof createKubeClient>

function collectGarbage(): number {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  gc()
  gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const never = new Promise<never>(() => undefined)

/** Splits chunks into strings as fast as can be: only a line that lies in two chunks is copied. */
function splitter(): { push(chunk: Uint8Array): void; lines(): number } {
  let lines = 0
  let carry: Buffer[] = []
  const count = (text: string): void => {
    if (text.length > 0) lines++
  }
  return {
    lines: () => lines,
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      let start = 0
      for (;;) {
        const newline = bytes.indexOf(10, start)
        if (newline < 0) break
        if (carry.length > 0) {
          carry.push(bytes.subarray(0, newline))
          count(Buffer.concat(carry).toString('utf8'))
          carry = []
        } else count(bytes.toString('utf8', start, newline))
        start = newline + 1
      }
      if (start < bytes.length) carry.push(Buffer.from(bytes.subarray(start)))
    },
  }
}

/** Only reads the bytes and splits them into strings. */
async function readAndSplit(client: Client): Promise<{ lines: number; bytes: number }> {
  const { body } = await client.openLog({ namespace: 'bench', pod: 'bulk', follow: true, timestamps: true })
  const split = splitter()
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    split.push(chunk)
  }
  return { lines: split.lines(), bytes }
}

async function follow(client: Client): Promise<number> {
  let lines = 0
  const source = kubeLogSource(client, { namespace: 'bench', pod: 'bulk' })
  const { signal } = new AbortController()
  const ended = Promise.withResolvers<void>()
  for await (const item of followLogs(source, { framing: 'launcher', containerEnded: ended.promise, signal })) {
    if (item.type === 'line') lines++
    if (item.type === 'record' && item.record.type === 'end') ended.resolve()
    if (item.type === 'end' && item.verdict !== 'complete') throw new Error(`the stream ended ${item.verdict}`)
  }
  return lines
}

/** client-node's Log passes bytes on; splitting is up to the caller, and it ignores frames, cuts and gaps. */
async function clientNodeLog(kubeConfig: KubeConfig): Promise<number> {
  const split = splitter()
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      split.push(chunk)
      done()
    },
  })
  const finished = once(sink, 'finish')
  await new Log(kubeConfig).log('bench', 'bulk', '', sink, { follow: true, timestamps: true })
  await finished
  return split.lines()
}

async function throughput(
  client: Client,
  kubeConfig: KubeConfig,
  o: { rounds: number; log: (text: string) => void },
): Promise<Figure[]> {
  const { rounds, log } = o
  const times: Record<'split' | 'follow' | 'clientNode', number[]> = { split: [], follow: [], clientNode: [] }
  let bytes = 0
  let lines = 0
  for (let round = -1; round < rounds; round++) {
    const timed = async (name: keyof typeof times, work: () => Promise<unknown>): Promise<void> => {
      const start = threadMs()
      await work()
      // The first round warms up.
      if (round >= 0) times[name].push(threadMs() - start)
    }
    await timed('split', async () => {
      ;({ bytes, lines } = await readAndSplit(client))
    })
    await timed('follow', async () => {
      const followed = await follow(client)
      if (followed !== lines - 1) throw new Error(`followed ${followed} of ${lines - 1} lines`)
    })
    await timed('clientNode', () => clientNodeLog(kubeConfig))
  }
  log(`${rounds} rounds over ${(bytes / 1e6).toFixed(0)} MB, ${lines} lines`)
  // Of processor time the best round counts: other load on the machine can only add to it.
  const best = (samples: number[]): number => Math.min(...samples)
  const rate = (samples: number[]): number => bytes / 1e3 / best(samples)
  const ratio = (best(times.split) / best(times.follow)) * 100
  const perLine = (samples: number[]): number => (best(samples) * 1e3) / lines
  return [
    figure('throughput beside reading and splitting the same bytes', ratio, '%', { target: 75, better: 'higher' }),
    figure('throughput (frames checked, lines with cursor)', rate(times.follow), 'MB/s', { better: 'higher' }),
    figure('throughput of reading and splitting only', rate(times.split), 'MB/s', { better: 'higher' }),
    figure("throughput of client-node's Log (split, no frames, no resume)", rate(times.clientNode), 'MB/s', {
      better: 'higher',
    }),
    figure('processor time of a delivered line', perLine(times.follow), 'µs'),
    figure('processor time of a line that is only read and split', perLine(times.split), 'µs'),
  ]
}

async function crowd(
  client: Client,
  pod: 'idle' | 'busy',
  seconds: number,
): Promise<{ bytes: number; late: number[] }> {
  const before = collectGarbage()
  const stop = new AbortController()
  const late: number[] = []
  let ready = 0
  let measuring = false
  const all = Promise.withResolvers<void>()
  const followers = Array.from({ length: streams }, async () => {
    const source = kubeLogSource(client, { namespace: 'bench', pod })
    try {
      for await (const item of followLogs(source, {
        framing: 'launcher',
        containerEnded: never,
        signal: stop.signal,
      })) {
        if (item.type !== 'line') continue
        if (item.seq === 0) {
          if (++ready === streams) all.resolve()
          continue
        }
        const { at } = JSON.parse(item.text) as { at: number }
        if (measuring) late.push(performance.timeOrigin + performance.now() - at)
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error
    }
  })
  await Promise.race([all.promise, Promise.all(followers)])
  // Opening a thousand connections at once keeps both sides busy for a while; only the time after that is measured.
  await wait(1_000)
  measuring = true
  await wait(seconds * 1_000)
  const bytes = collectGarbage() - before
  stop.abort(new Error('measured'))
  await Promise.all(followers)
  return { bytes: bytes / streams, late }
}

async function drip(client: Client): Promise<number[]> {
  const late: number[] = []
  const source = kubeLogSource(client, { namespace: 'bench', pod: 'drip' })
  const { signal } = new AbortController()
  for await (const item of followLogs(source, { framing: 'launcher', containerEnded: never, signal })) {
    if (item.type !== 'line' || item.seq === 0) continue
    late.push(performance.timeOrigin + performance.now() - (JSON.parse(item.text) as { at: number }).at)
    if (late.length === 500) break
  }
  return late
}

/** Throughput, memory and latency of following framed output over HTTP, beside doing less. */
export const bench: Bench = async (log, { quick }) => {
  const server = fork(join(import.meta.dirname, 'log-stream/log-server.ts'), {
    execArgv: ['--conditions=@agent-jobs/source'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [{ port }] = (await once(server, 'message')) as [{ port: number }]
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromClusterAndUser(
    { name: 'bench', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'bench', token: 'bench' },
  )
  const client = createKubeClient({ kubeConfig })
  try {
    const figures = await throughput(client, kubeConfig, { rounds: quick ? 7 : 15, log })
    const late = await drip(client)
    figures.push(
      figure('latency of a line, one stream, p50', percentile(late, 0.5), 'ms', { target: 5 }),
      figure('latency of a line, one stream, p99', percentile(late, 0.99), 'ms', { target: 50 }),
    )
    log(`${streams} idle streams …`)
    const idle = await crowd(client, 'idle', 3)
    figures.push(figure('memory of an idle stream, 1,000 at once', idle.bytes / 1e3, 'KB', { target: 100 }))
    log(`${streams} busy streams, 2 lines a second each …`)
    const busy = await crowd(client, 'busy', 5)
    figures.push(
      figure('memory of a busy stream, 1,000 at once', busy.bytes / 1e3, 'KB', { target: 100 }),
      figure('latency of a line, 1,000 busy streams, p50', percentile(busy.late, 0.5), 'ms'),
      figure('latency of a line, 1,000 busy streams, p99', percentile(busy.late, 0.99), 'ms'),
    )
    return figures
  } finally {
    await client.close()
    server.disconnect()
    await once(server, 'exit')
  }
}
