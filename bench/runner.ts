// `pnpm bench runner`: how soon a runner notices the end of a run, and its API requests, on the cluster of KUBECONFIG.
// AGENT_JOBS_BENCH_RUNS (30) runs are timed; AGENT_JOBS_BENCH_SECONDS (120) is how long requests are counted. If the
// command lines of the cluster's processes are next to its kubeconfig, a second API server with an audit log is started on
// its etcd and requests are counted there, otherwise at the client.
import { createJobRunner, type RunRequest } from '@agent-jobs/k8s-job-runner'
import { createKubeClient, isAlreadyExists, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  apiServerCommand,
  startAuditedApiServer,
  type AuditedApiServer,
} from '../packages/k8s-job-runner/test/support/audited-api-server.ts'
import { figure, percentile, type Bench } from './figure.ts'

const namespace = 'bench-runner'
const image = process.env['AGENT_JOBS_E2E_IMAGE'] ?? 'local/agent:1'
const samples = Number(process.env['AGENT_JOBS_BENCH_RUNS'] ?? 30)
const seconds = Number(process.env['AGENT_JOBS_BENCH_SECONDS'] ?? 120)

interface Counted {
  client: KubeClient
  /** Requests so far. */
  asked: () => Promise<number>
}

function connect(name: string, audited?: AuditedApiServer): Counted {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromDefault()
  if (audited !== undefined) {
    kubeConfig.clusters = kubeConfig.clusters.map((cluster) => ({ ...cluster, server: audited.server }))
  }
  const userAgent = `agent-jobs-bench-${name}-${process.pid}`
  let sent = 0
  const client = createKubeClient({
    kubeConfig,
    userAgent,
    onRequest: () => {
      sent += 1
    },
  })
  return { client, asked: async () => (audited === undefined ? sent : (await audited.requestsOf(userAgent)).length) }
}

let runs = 0
function request(argv: string[]): RunRequest {
  runs += 1
  const id = `${process.pid}-${runs}`
  return { key: id, runId: id, image, imagePullPolicy: 'IfNotPresent', command: { argv } }
}

/** From the command's last action to the outcome, by the end record. */
async function endByRecord(client: KubeClient): Promise<number> {
  const run = await createJobRunner({ client, namespace }).start(request(['node', '-e', 'console.log(Date.now())']))
  let exitAt = Number.NaN
  const knownAt = run.outcome.then(() => Date.now())
  for await (const event of run.events) if (event.type === 'line') exitAt = Number(event.text)
  await run.settled
  return (await knownAt) - exitAt
}

/** From the pod status that reports the end to the outcome, when the launcher was killed and left no end record. */
async function endByStatus(client: KubeClient, observer: KubeClient): Promise<number> {
  const run = await createJobRunner({ client, namespace }).start(
    request(['sh', '-c', 'sleep 0.3; kill -9 $PPID; sleep 5']),
  )
  const stop = new AbortController()
  const labelSelector = `batch.kubernetes.io/controller-uid=${run.job.uid}`
  const seenAt = (async () => {
    for await (const event of observer.listWatch(kinds.Pod, { namespace, labelSelector, signal: stop.signal })) {
      if (event.type !== 'synced' && event.object.status?.containerStatuses?.[0]?.state?.terminated) return Date.now()
    }
    return Number.NaN
  })()
  await run.outcome
  const knownAt = Date.now()
  const after = knownAt - (await seenAt)
  stop.abort()
  await run.settled
  return Math.max(0, after)
}

/** Requests per minute when polling one run every two seconds: its Job, its pod and the new part of its log. */
async function pollForAWhile({ client, asked }: Counted, job: string, pod: string): Promise<number> {
  const before = await asked()
  const rounds = 10
  for (let round = 0; round < rounds; round += 1) {
    await client.get(kinds.Job, { name: job, namespace })
    await client.get(kinds.Pod, { name: pod, namespace })
    const { body } = await client.openLog({ namespace, pod, sinceSeconds: 3, timestamps: true })
    for await (const chunk of body) if (chunk.length < 0) break
    await sleep(2000)
  }
  return ((await asked()) - before) / ((rounds * 2) / 60)
}

export const bench: Bench = async (log) => {
  if (!process.env['KUBECONFIG']) throw new Error('Set KUBECONFIG to a real cluster whose nodes share this clock.')
  const path = process.env['KUBECONFIG']
  const command = apiServerCommand(path)
  const audited = command === undefined ? undefined : await startAuditedApiServer(path, command)
  log(`requests are counted ${audited === undefined ? 'where they are sent' : 'in the audit log of an API server'}`)
  const [timed, observer] = [connect('timed'), connect('observer')]
  const single = connect('single', audited)
  const followed = connect('followed', audited)
  const poller = connect('poller', audited)
  try {
    await observer.client.create(kinds.Namespace, { metadata: { name: namespace } }).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error
    })
    log(`timing ${samples} ends by the end record, and ${samples} by the status`)
    const byRecord: number[] = []
    const byStatus: number[] = []
    for (let sample = 0; sample < samples; sample += 1) {
      byRecord.push(await endByRecord(timed.client))
      byStatus.push(await endByStatus(timed.client, observer.client))
      if ((sample + 1) % 10 === 0) {
        const [record, status] = [percentile(byRecord, 0.5), percentile(byStatus, 0.5)]
        log(`after ${sample + 1}: p50 ${record} ms by the end record, ${status} ms by the status`)
      }
    }
    const whole = await createJobRunner({ client: single.client, namespace }).start(request(['sleep', '1']))
    for await (const event of whole.events) if (event.type === 'outcome') break
    await whole.settled
    const perRun = await single.asked()
    const runner = createJobRunner({ client: followed.client, namespace })
    const idle = Array.from({ length: 6 }, () => request(['sleep', '3600']))
    const busy = Array.from({ length: 6 }, () => request(['sh', '-c', 'while :; do echo line; sleep 0.1; done']))
    const handles = await Promise.all([...idle, ...busy].map((wanted) => runner.start(wanted)))
    const reading = handles.map(async (run) => {
      for await (const event of run.events) if (event.type === 'outcome') return
    })
    while (handles.some(({ timings }) => timings.runningMs === undefined)) await sleep(100)
    await sleep(2000)
    log(`counting the requests of ${handles.length} runs for ${seconds} s, beside a two-second poller of one of them`)
    const before = await followed.asked()
    const [first] = handles
    const [, polled] = await Promise.all([
      sleep(seconds * 1000),
      pollForAWhile(poller, first?.job.name ?? '', first?.pod?.name ?? ''),
    ])
    const perRunMinute = ((await followed.asked()) - before) / (handles.length * (seconds / 60))
    await Promise.all(handles.map((run) => run.cancel({ by: 'bench', graceSeconds: 1 })))
    await Promise.all(reading)
    await Promise.all(handles.map((run) => run.settled))
    return [
      figure('exit to outcome by the end record, p50', percentile(byRecord, 0.5), 'ms', { target: 50 }),
      figure('exit to outcome by the end record, p99', percentile(byRecord, 0.99), 'ms', { target: 250 }),
      figure('status to outcome without a record, p50', percentile(byStatus, 0.5), 'ms'),
      figure('status to outcome without a record, p99', percentile(byStatus, 0.99), 'ms', { target: 100 }),
      // Six, the output, its newest line, and at least three that prove the end.
      figure('API requests of one run, start to end', perRun, '', { target: 14 }),
      figure('API requests per run-minute, following', perRunMinute, '/min', { target: 0.1 }),
      figure('API requests per run-minute, two-second poller', polled, '/min'),
    ]
  } finally {
    await Promise.all([timed, observer, single, followed, poller].map(({ client }) => client.close()))
    await audited?.[Symbol.asyncDispose]()
  }
}
