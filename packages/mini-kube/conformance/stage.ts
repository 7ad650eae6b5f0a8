import { shellJob, type TestClient, type TestObject } from '../test/test-client.ts'
import { distinct, eventFacts, jobState, plainMessage, podState, type WatchEvent } from './normalise.ts'

/** Where observations are made: any cluster, one namespace of it. */
export interface Stage {
  client: TestClient
  /** A client that acts with another token. */
  as: (token: string) => Promise<TestClient>
  namespace: string
  image: string
}

/** Something a client can see, in a form that must be equal on every cluster. */
export interface Observation {
  name: string
  observe: (stage: Stage) => Promise<unknown>
}

export const paths = (namespace: string) => ({
  pods: `/api/v1/namespaces/${namespace}/pods`,
  jobs: `/apis/batch/v1/namespaces/${namespace}/jobs`,
  secrets: `/api/v1/namespaces/${namespace}/secrets`,
  configMaps: `/api/v1/namespaces/${namespace}/configmaps`,
  events: `/api/v1/namespaces/${namespace}/events`,
})

/** A Job for an observation. */
export function jobOf(
  stage: Stage,
  name: string,
  script: string,
  { pod = {}, container = {}, job = {} }: { pod?: object; container?: object; job?: object } = {},
) {
  return shellJob(name, script, {
    // Not every test cluster has a DNS service; ClusterFirst would then add a warning Event.
    pod: { enableServiceLinks: false, dnsPolicy: 'Default', ...pod },
    container: { name: 'main', image: stage.image, ...container },
    job,
  })
}

/** What a Job's run looked like from outside. */
export interface Run {
  pods: string[]
  job: string[]
  events: string[]
  log?: string
}

/** Live views of one Job while it runs. */
export interface Watching {
  name: string
  podEvents: WatchEvent[]
  jobEvents: WatchEvent[]
  pod: (test: (pod: TestObject, type: string) => boolean) => Promise<TestObject>
  job: (test: (job: TestObject, type: string) => boolean) => Promise<TestObject>
  /** Waits until the pod runs and its program has written something. */
  up: () => Promise<TestObject>
}

const isFinished = (job: TestObject, type: string) =>
  type === 'DELETED' ||
  job.status?.conditions?.some((one) => ['Complete', 'Failed'].includes(one.type) && one.status === 'True') === true

/** A state the kubelet may or may not get to report before the next one. */
const passing =
  /PodReadyToStartContainers=True[^|]*\| (?!.*(?:running|ended|Error))[^"]*waiting (?:ContainerCreating|PodInitializing)$|^Running \|.*PodReadyToStartContainers=False|side running, init waiting/

/** Follows a list from a version on; every waiter is asked about everything seen so far and to come. */
async function follow(client: TestClient, path: string, stop: AbortSignal) {
  const seen: WatchEvent[] = []
  const waiters = new Set<() => void>()
  const { resourceVersion } = (await client.get(path)).body.metadata
  const run = async () => {
    try {
      for await (const event of client.watch(`${path}&watch=true&resourceVersion=${resourceVersion}`, stop)) {
        seen.push(event)
        for (const wake of waiters) wake()
      }
    } catch (error) {
      if (!stop.aborted) throw error
    }
  }
  const running = run()
  const until = (test: (object: TestObject, type: string) => boolean) =>
    new Promise<TestObject>((resolve, reject) => {
      const look = () => {
        const found = seen.find(({ object, type }) => test(object, type))
        if (found === undefined) return
        waiters.delete(look)
        resolve(found.object)
      }
      waiters.add(look)
      stop.addEventListener(
        'abort',
        () => reject(new Error(`not seen in ${path}: ${JSON.stringify(seen.at(-1)?.object.status ?? {})}`)),
        { once: true },
      )
      look()
    })
  return { seen, until, running }
}

export interface RunOptions {
  /** What is done to the Job while it runs. */
  action?: (stage: Stage, watching: Watching) => Promise<void>
  /** What ends the observation; the Job's end by default. */
  until?: (watching: Watching) => Promise<unknown>
  /** Whether the log at the end is part of the observation. */
  log?: boolean
}

/** Runs one Job and reports every state of it and its pods, its Events and its log. */
export async function observeJob(
  stage: Stage,
  body: ReturnType<typeof jobOf>,
  { action, until, log = true }: RunOptions = {},
): Promise<Run> {
  const { client, namespace } = stage
  const { pods, jobs, events } = paths(namespace)
  const { name } = body.metadata
  const stop = new AbortController()
  const limit = AbortSignal.any([stop.signal, AbortSignal.timeout(90_000)])
  const podView = await follow(client, `${pods}?labelSelector=job-name=${name}`, limit)
  const jobView = await follow(client, `${jobs}?fieldSelector=metadata.name=${name}`, limit)
  const watching: Watching = {
    name,
    podEvents: podView.seen,
    jobEvents: jobView.seen,
    pod: podView.until,
    job: jobView.until,
    up: async () => {
      const pod = await podView.until((one) => one.status?.phase === 'Running')
      await client.firstOutput(`${pods}/${pod.metadata.name}/log`)
      return pod
    },
  }
  try {
    const posted = await client.send('POST', jobs, body)
    if (posted.status !== 201) throw new Error(`the Job was refused: ${JSON.stringify(posted.body)}`)
    await action?.(stage, watching)
    await (until?.(watching) ?? watching.job(isFinished))
    const pod = podView.seen.at(-1)?.object.metadata.name
    const text =
      log && pod !== undefined && podView.seen.at(-1)?.type !== 'DELETED'
        ? (await client.text(`${pods}/${pod}/log`)).body
        : undefined
    await lastEvent(stage, jobView.seen.at(-1))
    const all = (await client.get(events)).body.items ?? []
    const mine = all.filter((one) => belongsTo(one, name))
    const names = Object.fromEntries(podView.seen.map(({ object }) => [object.metadata.name, 'POD']))
    return {
      pods: distinct(podView.seen.map(podState).filter((state) => !passing.test(state))),
      job: distinct(jobView.seen.map(jobState)),
      events: eventFacts(mine, { ...names, [namespace]: 'NAMESPACE', [stage.image]: 'IMAGE' }),
      ...(text === undefined || pod === undefined ? {} : { log: text.replaceAll(pod, 'POD') }),
    }
  } finally {
    stop.abort()
    await Promise.all([podView.running, jobView.running])
    await client.send('DELETE', `${jobs}/${name}`, { propagationPolicy: 'Background', gracePeriodSeconds: 0 })
  }
}

/** The controller writes its Event about the end after the status that ends the Job. */
async function lastEvent({ client, namespace }: Stage, last: WatchEvent | undefined): Promise<void> {
  const end = last?.object.status?.conditions?.find((one) => ['Complete', 'Failed'].includes(one.type))
  if (end === undefined) return
  const reason = end.type === 'Complete' ? 'Completed' : end.reason
  await client.until(
    `${paths(namespace).events}?fieldSelector=involvedObject.uid=${last?.object.metadata.uid}`,
    (one) => one['reason'] === reason,
  )
}

function belongsTo(event: TestObject, job: string): boolean {
  const about = (event['involvedObject'] as { name: string }).name
  return about === job || (about.startsWith(`${job}-`) && about.length === job.length + 6)
}

/** An answer without what differs from run to run. */
export function answer(given: { status: number; body: TestObject }, names: Record<string, string> = {}) {
  const { status, body } = given
  if (status < 400) return { status }
  return {
    status,
    reason: body.reason,
    message: plainMessage(body.message ?? '', names),
    details: plainDetails(body['details'], names),
  }
}

const plainDetails = (details: unknown, names: Record<string, string>): unknown =>
  details === undefined ? undefined : (JSON.parse(plainMessage(JSON.stringify(details), names)) as unknown)
