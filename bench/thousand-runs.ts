// `pnpm bench thousand-runs`: a thousand runs at once through one adapter in one process, against a mini-kube in another
// one, over TLS. The process is killed, and the next one adopts all of them. Needs no cluster.
import { fork, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKubeClient, kinds } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { type Bench, figure } from './figure.ts'
import { writeCertificate } from './support/certificate.ts'
import type { Order, Report } from './thousand-runs/server.ts'

const execArgv = ['--conditions=@agent-jobs/source']
const namespace = 'agents'

type ReportOf<Kind extends Report['kind']> = Extract<Report, { kind: Kind }>

/** The next report of a kind; rejects when the process, or its runs, end first. */
function nextReport<Kind extends Report['kind']>(child: ChildProcess, kind: Kind): Promise<ReportOf<Kind>> {
  const { promise, resolve, reject } = Promise.withResolvers<ReportOf<Kind>>()
  const onExit = (code: number | null, signal: string | null): void =>
    reject(new Error(`The server's process ended (${code ?? signal}) before it reported "${kind}"`))
  const onReport = (report: Report): void => {
    if (report.kind === kind) resolve(report as ReportOf<Kind>)
    else if (report.kind === 'ended') reject(new Error(`Runs ended early: ${report.errors.join('; ')}`))
  }
  child.on('exit', onExit)
  child.on('message', onReport)
  return promise.finally(() => {
    child.off('exit', onExit)
    child.off('message', onReport)
  })
}

export const bench: Bench = async (log, { quick }) => {
  const count = quick ? 100 : 1_000
  const root = mkdtempSync(join(tmpdir(), 'bench-thousand-'))
  const [keys, volume, home] = ['keys', 'volume', 'home'].map((name) => join(root, name)) as [string, string, string]
  for (const folder of [keys, volume, home]) mkdirSync(folder)
  writeCertificate(keys)
  const cluster = fork(join(import.meta.dirname, 'thousand-runs/cluster.ts'), [keys, volume], { execArgv })
  const children = new Set<ChildProcess>([cluster])
  try {
    const [{ token, port }] = (await once(cluster, 'message')) as [{ token: string; port: number }]
    const kubeconfig = kubeconfigOf({ server: `https://127.0.0.1:${port}`, token, keys })
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromString(kubeconfig)
    await createClaim(kubeConfig)
    const config = {
      kubeconfig,
      namespace,
      image: 'agent:1',
      workspaceVolumeClaim: 'data',
      workspaceMountPath: volume,
      paperclipProxy: false,
      graceSec: 2,
    }
    const startServer = async () => {
      const env = { ...process.env, PAPERCLIP_NAMESPACE: namespace, PAPERCLIP_HOME: home }
      const child = fork(join(import.meta.dirname, 'thousand-runs/server.ts'), [], { execArgv, env })
      children.add(child)
      const reports = <Kind extends Report['kind']>(kind: Kind): Promise<ReportOf<Kind>> => nextReport(child, kind)
      await reports('ready')
      const order = (value: Order): void => void child.send(value)
      return { child, reports, order }
    }
    const counted = async (): Promise<{ lists: string[]; requests: number }> => {
      const answer = once(cluster, 'message')
      cluster.send('count')
      return ((await answer) as [{ lists: string[]; requests: number }])[0]
    }
    const agents = Array.from({ length: count }, () => ({ agentId: randomUUID(), taskId: randomUUID() }))
    const runs = () => agents.map((agent) => Object.assign({ runId: randomUUID() }, agent))

    const first = await startServer()
    first.order({ kind: 'measure', seconds: 2 })
    const idle = await first.reports('measured')
    log(`starting ${count} runs`)
    await counted()
    first.order({ kind: 'execute', runs: runs(), config })
    const started = await first.reports('speaking')
    const { requests } = await counted()
    log(`all print after ${Math.round(started.ms)} ms; measuring`)
    first.order({ kind: 'measure', seconds: 3 })
    await first.reports('measured')
    first.order({ kind: 'measure', seconds: 10 })
    const busy = await first.reports('measured')
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')

    log('killed; the next process adopts them')
    const next = await startServer()
    await counted()
    next.order({ kind: 'execute', runs: runs(), config })
    const adopted = await next.reports('speaking')
    const { lists } = await counted()
    log(`${lists.length} LISTs, the first: ${lists[0] ?? 'none'}`)
    cluster.send('finish')
    const { succeeded, errors } = await next.reports('ended')
    if (succeeded !== count) throw new Error(`${count - succeeded} of ${count} runs failed: ${errors.join('; ')}`)
    const perRun = (bytes: number): number => bytes / 1_000 / count
    return [
      figure('runs at once', count, 'runs'),
      figure('all started, until each has printed', started.ms / 1_000, 's', { target: 60 }),
      figure('requests of a run until it prints', requests / count, ''),
      figure('memory of a run (heap and buffers, over idle)', perRun(busy.bytes - idle.bytes), 'KB', { target: 300 }),
      figure('resident memory of a run, over idle', perRun(busy.rss - idle.rss), 'KB'),
      figure('processor at one line a second of each run', 100 * busy.core, '% of a core', { target: 20 }),
      figure('processor time of a delivered line', (busy.core * 10 * 1e6) / Math.max(1, busy.lines), 'µs'),
      figure('delay of the event loop, p99', busy.delayP99, 'ms', { target: 50 }),
      figure('all adopted after kill -9, until each has printed', adopted.ms / 1_000, 's', { target: 10 }),
      figure('runs that were adopted', adopted.adopted, 'runs', { target: count, better: 'higher' }),
      figure('LISTs of Jobs and pods for the adoption', lists.length, '', { target: 2 }),
    ]
  } finally {
    for (const child of children) child.kill('SIGKILL')
    rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

/** A kubeconfig with the certificate in it, as a user pastes it into an agent's settings. */
function kubeconfigOf(o: { server: string; token: string; keys: string }): string {
  const ca = readFileSync(join(o.keys, 'server.crt')).toString('base64')
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bench', cluster: { server: o.server, 'certificate-authority-data': ca } }],
    users: [{ name: 'bench', user: { token: o.token } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench', namespace } }],
    'current-context': 'bench',
  })
}

async function createClaim(kubeConfig: KubeConfig): Promise<void> {
  const client = createKubeClient({ kubeConfig })
  const spec = { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } }
  await client.create(kinds.PersistentVolumeClaim, { metadata: { name: 'data', namespace }, spec })
  await client.close()
}
