import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMiniKube, type MiniKube } from '../mini-kube.ts'
import { testClient, type TestClient, type TestObject } from '../testing.ts'
import { distinct, eventFacts, jobState, podState, type WatchEvent } from './normalise.ts'

const folder = new URL('../__fixtures__/kubernetes/', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, folder), 'utf8')
const stream = (path: string): WatchEvent[] =>
  existsSync(new URL(path, folder))
    ? read(path)
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as WatchEvent)
    : []

interface Stage {
  client: TestClient
  kube: MiniKube
  namespace: string
  job: string
  pod: () => Promise<TestObject>
  /** Waits for a state of the pod. */
  until: (test: (pod: TestObject, type: string) => boolean) => Promise<TestObject>
}

/** What was done to each recorded case; the Job itself comes from the recording. */
const actions: Record<string, (stage: Stage) => Promise<void>> = {
  completed: async () => undefined,
  'exit-nonzero': async () => undefined,
  'exit-143-sigterm-self': async () => undefined,
  'init-failed': async () => undefined,
  'command-missing': async () => undefined,
  'command-not-executable': async () => undefined,
  'workdir-is-a-file': async () => undefined,
  'unschedulable-cpu': async () => undefined,
  'unschedulable-memory': async () => undefined,
  'unschedulable-node-selector': async () => undefined,
  'unschedulable-affinity': async () => undefined,
  'unschedulable-pvc-missing': async () => undefined,
  'env-secret-missing': async () => undefined,
  'env-secret-key-missing': async () => undefined,
  'envfrom-secret-missing': async () => undefined,
  'mount-secret-missing': async () => undefined,
  'mount-secret-key-missing': async () => undefined,
  'mount-configmap-missing': async () => undefined,
  'image-name-invalid': async () => undefined,
  'image-never-pull': async () => undefined,
  'run-as-nonroot-violated': async () => undefined,
  'service-account-missing': async () => undefined,
  'deadline-pod': async () => undefined,
  'pod-deleted-ignores-term': removePod,
  'job-deleted-foreground': removeJob('Foreground'),
  'job-deleted-background': removeJob('Background'),
  'oom-main': async ({ kube, namespace, until }) => {
    const pod = await until(running)
    await kube.faults.inject({ kind: 'oom', namespace, pod: pod.metadata.name })
  },
  'env-secret-late': async ({ client, namespace, until }) => {
    await until((pod) => reasonOf(pod) === 'CreateContainerConfigError')
    await client.send('POST', `/api/v1/namespaces/${namespace}/secrets`, {
      metadata: { name: 'late2' },
      stringData: { K: 'v', k: 'v', key: 'v', A: 'v' },
    })
  },
  'evicted-api-ignores-term': async ({ client, namespace, until }) => {
    const pod = await up({ client, namespace, until })
    const { name } = pod.metadata
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
    expect((await client.send('POST', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, body)).status).toBe(201)
  },
  ttl: async () => undefined,
  'ttl-zero': async () => undefined,
  'job-activedeadline-pending': async () => undefined,
  'image-pull-backoff': async () => undefined,
  'init-image-pull': async () => undefined,
  'pod-force-deleted': async ({ client, namespace, until }) => {
    const pod = await up({ client, namespace, until })
    await client.send('DELETE', `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`, { gracePeriodSeconds: 0 })
  },
  preempted: async ({ client, kube, namespace, until }) => {
    const pod = await up({ client, namespace, until })
    await kube.faults.inject({ kind: 'preempt', namespace, pod: pod.metadata.name })
  },
  'evicted-emptydir-limit': async ({ client, kube, namespace, until }) => {
    const pod = await up({ client, namespace, until })
    const message = stream('evicted-emptydir-limit/pods.watch.ndjson').at(-1)?.object.status?.['message']
    await kube.faults.inject({ kind: 'evict', namespace, pod: pod.metadata.name, message: String(message) })
  },
}

const running = (pod: TestObject) => pod.status?.phase === 'Running'
/** Waits until the pod's program has said that it is up, so that it handles its signals. */
async function up({ client, namespace, until }: Pick<Stage, 'client' | 'namespace' | 'until'>): Promise<TestObject> {
  const pod = await until(running)
  await client.firstOutput(`/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}/log`)
  return pod
}
const reasonOf = (pod: TestObject) => pod.status?.containerStatuses?.[0]?.state.waiting?.reason

async function removePod({ client, namespace, until }: Stage): Promise<void> {
  const pod = await up({ client, namespace, until })
  await client.send('DELETE', `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}`)
}

function removeJob(propagationPolicy: string) {
  return async ({ client, namespace, job, until }: Stage) => {
    await up({ client, namespace, until })
    await client.send('DELETE', `/apis/batch/v1/namespaces/${namespace}/jobs/${job}`, { propagationPolicy })
  }
}

let kube: MiniKube
let client: TestClient
beforeAll(async () => {
  kube = await startMiniKube({
    nodeName: 'node-1',
    namespaces: ['loglab'],
    images: { 'local/base:1': {}, 'local/agent:1': {} },
    capacity: { cpu: '2', memory: '24Gi' },
    timing: { configRetryMs: 20, imageRetryMs: 20, mountRetryMs: 20 },
  })
  client = testClient(kube)
  const secret = { metadata: { name: 'present' }, stringData: { other: 'x' } }
  await client.send('POST', '/api/v1/namespaces/loglab/secrets', secret)
})
afterAll(() => kube.close())

/** Follows a list until its states are those of the recording, or no more come. */
async function follow(
  path: string,
  state: (event: WatchEvent) => string,
  wanted: string[],
  stop: AbortSignal,
): Promise<string[]> {
  const seen: string[] = []
  try {
    for await (const event of client.watch(`${path}&watch=true`, stop)) {
      const text = state(event)
      if (text !== seen.at(-1)) seen.push(text)
      if (seen.length >= wanted.length && text === wanted.at(-1)) break
    }
  } catch (error) {
    if (!stop.aborted) throw error
  }
  return seen
}

const containersOf = (spec: unknown) =>
  (spec as { template: { spec: { containers: object[] } } }).template.spec.containers

/** States that the recording shows only because two clients' writes happened to interleave. */
const settled = (states: string[]) => distinct(states)

describe('the recordings of a real cluster', () => {
  it.concurrent.each(Object.keys(actions))('%s', async (name) => {
    const pods = settled(stream(`${name}/pods.watch.ndjson`).map(podState))
    const jobs = settled(stream(`${name}/jobs.watch.ndjson`).map(jobState))
    const job = JSON.parse(read(`${name}/job.json`)) as TestObject
    const body = {
      metadata: { name: job.metadata.name, labels: job.metadata.labels },
      spec: { ...job.spec, selector: undefined, manualSelector: undefined },
    }
    // The recorded program eats memory until it is killed; here the fault does the killing.
    if (name === 'oom-main')
      containersOf(body.spec).forEach((one) => Object.assign(one, { command: ['sleep', '60'], args: [] }))
    const labels = ((body.spec as { template?: { metadata?: { labels?: Record<string, string> } } }).template?.metadata
      ?.labels ?? {}) as Record<string, string>
    for (const key of Object.keys(labels)) if (/controller-uid|job-name/.test(key)) delete labels[key]
    const own = `labelSelector=job-name=${job.metadata.name}`
    const podsPath = '/api/v1/namespaces/loglab/pods'
    const stop = AbortSignal.timeout(7_000)
    const revision = (await client.get(podsPath)).body.metadata.resourceVersion
    const podStates =
      pods.length === 0 ? [] : follow(`${podsPath}?${own}&resourceVersion=${revision}`, podState, pods, stop)
    const jobStates = follow(
      `/apis/batch/v1/namespaces/loglab/jobs?fieldSelector=metadata.name=${job.metadata.name}&resourceVersion=${revision}`,
      jobState,
      jobs,
      stop,
    )
    const until = (test: (pod: TestObject, type: string) => boolean) => client.until(`${podsPath}?${own}`, test)
    const posted = await client.send('POST', '/apis/batch/v1/namespaces/loglab/jobs', body)
    expect(posted.body).toMatchObject({ kind: 'Job' })
    await actions[name]?.({
      client,
      kube,
      namespace: 'loglab',
      job: job.metadata.name,
      pod: () => until(() => true),
      until,
    })
    const [podsSeen, jobsSeen] = await Promise.all([podStates, jobStates])
    expect(podsSeen).toEqual(pods)
    expect(jobsSeen).toEqual(jobs)
    const recorded = (JSON.parse(read(`${name}/events.json`)) as { items: TestObject[] }).items
    const wanted = eventFacts(recorded, names(recorded))
    expect(await eventsUntil(job.metadata.name, wanted.length, stop)).toEqual(wanted)
  })
})

/** The Events about a Job and its pods, as soon as there are so many different ones. */
async function eventsUntil(job: string, count: number, stop: AbortSignal): Promise<string[]> {
  const mine: TestObject[] = []
  let facts: string[] = []
  try {
    for await (const { object } of client.watch('/api/v1/namespaces/loglab/events?watch=true', stop)) {
      const about = (object['involvedObject'] as { name: string }).name
      if (about !== job && !(about.startsWith(`${job}-`) && about.length === job.length + 6)) continue
      mine.push(object)
      facts = eventFacts(mine, names(mine))
      if (facts.length >= count) return facts
    }
  } catch (error) {
    if (!stop.aborted) throw error
  }
  return facts
}

/** The generated pod names of a run. */
function names(events: TestObject[]): Record<string, string> {
  const found = events
    .filter((one) => (one['involvedObject'] as { kind: string }).kind === 'Pod')
    .map((one) => (one['involvedObject'] as { name: string }).name)
  return Object.fromEntries([...new Set(found)].map((name) => [name, 'POD']))
}
