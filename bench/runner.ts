// `pnpm bench runner`: how soon a runner knows an end, and what it asks of the API server, on the cluster of KUBECONFIG.
// AGENT_JOBS_BENCH_RUNS (30) runs are timed; AGENT_JOBS_BENCH_SECONDS (300) is how long requests are counted. With
// AGENT_JOBS_AUDIT_LOG, the path of the API server's audit log, they are counted there, else where they are sent.
import { createJobRunner, type RunRequest } from '@agent-jobs/k8s-job-runner'
import { createKubeClient, isAlreadyExists, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { figure, percentile, type Bench } from './figure.ts'

const namespace = 'bench-runner'
const image = process.env['AGENT_JOBS_E2E_IMAGE'] ?? 'local/agent:1'
const samples = Number(process.env['AGENT_JOBS_BENCH_RUNS'] ?? 30)
const seconds = Number(process.env['AGENT_JOBS_BENCH_SECONDS'] ?? 300)

interface Counted {
  client: KubeClient
  userAgent: string
  sent: () => number
}

function connect(name: string): Counted {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromDefault()
  const userAgent = `agent-jobs-bench-${name}-${process.pid}`
  let count = 0
  const client = createKubeClient({
    kubeConfig,
    userAgent,
    onRequest: () => {
      count += 1
    },
  })
  return { client, userAgent, sent: () => count }
}

/** Requests of a client so far, by the API server's own account where it keeps one. */
async function requestsOf({ userAgent, sent }: Counted): Promise<number> {
  const audit = process.env['AGENT_JOBS_AUDIT_LOG']
  if (audit === undefined) return sent()
  const lines = (await readFile(audit, 'utf8')).split('\n')
  return lines.filter(
    (line) =>
      line.includes(userAgent) &&
      line.includes('"stage":"ResponseStarted"') !== line.includes('"stage":"ResponseComplete"') &&
      !line.includes('"stage":"RequestReceived"'),
  ).length
}

let runs = 0
function request(argv: string[]): RunRequest {
  runs += 1
  const id = `${process.pid}-${runs}`
  return { key: id, runId: id, image, imagePullPolicy: 'IfNotPresent', command: { argv } }
}

/** From the command's last act to the outcome, by the end record. */
async function endByRecord(client: KubeClient): Promise<number> {
  const run = await createJobRunner({ client, namespace }).start(request(['node', '-e', 'console.log(Date.now())']))
  let exitAt = Number.NaN
  const knownAt = run.outcome.then(() => Date.now())
  for await (const event of run.events) if (event.type === 'line') exitAt = Number(event.text)
  await run.settled
  return (await knownAt) - exitAt
}

/** From the pod status that tells of the end to the outcome, when the launcher was killed and there is no end record. */
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

/** What two-second polling of one run asks in a minute: its Job, its pod and the new part of its log. */
async function pollForAWhile({ client, ...counted }: Counted, job: string, pod: string): Promise<number> {
  const before = await requestsOf({ client, ...counted })
  const rounds = 10
  for (let round = 0; round < rounds; round += 1) {
    await client.get(kinds.Job, { name: job, namespace })
    await client.get(kinds.Pod, { name: pod, namespace })
    const { body } = await client.openLog({ namespace, pod, sinceSeconds: 3, timestamps: true })
    for await (const chunk of body) if (chunk.length < 0) break
    await sleep(2000)
  }
  return ((await requestsOf({ client, ...counted })) - before) / ((rounds * 2) / 60)
}

export const bench: Bench = async (log) => {
  if (!process.env['KUBECONFIG']) throw new Error('Set KUBECONFIG to a real cluster whose nodes share this clock.')
  const [timed, followed, observer] = [connect('timed'), connect('followed'), connect('observer')]
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
    }
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
    const before = await requestsOf(followed)
    const [first] = handles
    const [, polled] = await Promise.all([
      sleep(seconds * 1000),
      pollForAWhile(observer, first?.job.name ?? '', first?.pod?.name ?? ''),
    ])
    const perRunMinute = ((await requestsOf(followed)) - before) / (handles.length * (seconds / 60))
    await Promise.all(handles.map((run) => run.cancel({ by: 'bench', graceSeconds: 1 })))
    await Promise.all(reading)
    await Promise.all(handles.map((run) => run.settled))
    return [
      figure('exit to outcome by the end record, p50', percentile(byRecord, 0.5), 'ms', { target: 50 }),
      figure('exit to outcome by the end record, p99', percentile(byRecord, 0.99), 'ms', { target: 250 }),
      figure('status to outcome without a record, p50', percentile(byStatus, 0.5), 'ms'),
      figure('status to outcome without a record, p99', percentile(byStatus, 0.99), 'ms', { target: 100 }),
      figure('API requests per run-minute, following', perRunMinute, '/min', { target: 0.1 }),
      figure('API requests per run-minute, two-second poller', polled, '/min'),
    ]
  } finally {
    await Promise.all([timed, followed, observer].map(({ client }) => client.close()))
  }
}
