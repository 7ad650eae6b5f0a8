import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMiniKube, type MiniKube } from '../src/mini-kube.ts'
import type { MiniKubeOptions } from '../src/options.ts'
import { testClient, type TestClient, type TestObject } from '../test/test-client.ts'
import { distinct, eventFacts, jobState, podState, type WatchEvent } from './normalise.ts'
import { notReplayed, otherRecordings, recorded, recordedCases, recordedStream } from './recorded-cases.ts'

const namespace = 'loglab'
const podsPath = `/api/v1/namespaces/${namespace}/pods`
const jobsPath = `/apis/batch/v1/namespaces/${namespace}/jobs`

const start = ({ timing, ...options }: MiniKubeOptions = {}) =>
  startMiniKube({
    nodeName: 'node-1',
    namespaces: [namespace],
    images: { 'local/base:1': {}, 'local/agent:1': {}, fn: { run: until } },
    capacity: { cpu: '2', memory: '24Gi' },
    timing: { configRetryMs: 20, imageRetryMs: 20, mountRetryMs: 20, ...(typeof timing === 'object' ? timing : {}) },
    ...options,
  })
/** A container that lasts until it is stopped. */
const until = ({ signal }: { signal: AbortSignal }) =>
  new Promise<number>((resolve) => signal.addEventListener('abort', () => resolve(0), { once: true }))

let shared: MiniKube
beforeAll(async () => {
  shared = await start()
  const secret = { metadata: { name: 'present' }, stringData: { other: 'x' } }
  await testClient(shared).send('POST', `/api/v1/namespaces/${namespace}/secrets`, secret)
})
afterAll(() => shared.close())

/** Follows a list until its states are those of the recording, or no more come. */
async function follow(
  client: TestClient,
  path: string,
  state: (event: WatchEvent) => string,
  wanted: string[],
  stop: AbortSignal,
): Promise<string[]> {
  const seen: string[] = []
  if (wanted.length === 0) return seen
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

/** The recorded Job as it was posted. */
function bodyOf(name: string): { metadata: { name: string; labels?: object }; spec: Record<string, unknown> } {
  const job = JSON.parse(recorded(`${name}/job.json`)) as TestObject
  const { command, spec = {} } = recordedCases[name] ?? {}
  const body = {
    metadata: {
      name: job.metadata.name,
      ...(job.metadata.labels === undefined ? {} : { labels: job.metadata.labels }),
    },
    spec: { ...job.spec, selector: undefined, manualSelector: undefined, ...spec } as Record<string, unknown>,
  }
  const template = body.spec['template'] as {
    metadata?: { labels?: Record<string, string> }
    spec: {
      terminationGracePeriodSeconds?: number
      containers: { command?: string[]; args?: string[]; env?: { value?: string }[] }[]
    }
  }
  const labels = template.metadata?.labels ?? {}
  for (const key of Object.keys(labels)) if (/controller-uid|job-name/.test(key)) delete labels[key]
  for (const container of template.spec.containers) {
    // A program that heeds SIGTERM gets the time it may need on a busy machine; the grace is in no state.
    if (JSON.stringify(container.command).includes('got TERM')) template.spec.terminationGracePeriodSeconds = 60
    if (command !== undefined) Object.assign(container, { command, args: [] })
    if (name === 'env-too-long') container.env?.forEach((one) => Object.assign(one, { value: 'x'.repeat(140_000) }))
  }
  return body
}

/** The states of a recording, each once. */
function statesOf(name: string, kind: 'pods' | 'jobs', state: (event: WatchEvent) => string): string[] {
  const events = recordedStream(`${name}/${kind}.watch.ndjson`)
  return distinct(events.map(state))
}

/** One run, as states of its pods and its Job and as Events. */
interface Run {
  pods: string[]
  jobs: string[]
  events: string[]
  /** Where the watch was not kept, the last states. */
  last?: string[]
}

/** Plays a recording again; what was seen, and what should have been. */
async function replay(name: string, kube: MiniKube): Promise<{ seen: Run; wanted: Run }> {
  const client = testClient(kube)
  const { before, act } = recordedCases[name] ?? {}
  const items = (JSON.parse(recorded(`${name}/events.json`)) as { items: TestObject[] }).items
  const wanted: Run = {
    pods: statesOf(name, 'pods', podState),
    jobs: statesOf(name, 'jobs', jobState),
    events: eventFacts(items, names(items)),
  }
  const body = bodyOf(name)
  const job = body.metadata.name
  const scene = { client, kube, namespace, job }
  await before?.(scene)
  const own = `labelSelector=job-name=${job}`
  const stop = AbortSignal.timeout(60_000)
  const since = `resourceVersion=${(await client.get(podsPath)).body.metadata.resourceVersion}`
  const podStates = follow(client, `${podsPath}?${own}&${since}`, podState, wanted.pods, stop)
  const byName = `${jobsPath}?fieldSelector=metadata.name=${job}&${since}`
  const jobStates = follow(client, byName, jobState, wanted.jobs, stop)
  expect((await client.send('POST', jobsPath, body)).body).toMatchObject({ kind: 'Job' })
  await act?.({ ...scene, until: (test) => client.until(`${podsPath}?${own}&${since}`, test) })
  const [pods, jobs] = await Promise.all([podStates, jobStates])
  const seen: Run = { pods, jobs, events: await eventsUntil(client, job, wanted.events.length, stop) }
  if (wanted.jobs.length === 0) {
    const asEvent = (object: TestObject) => ({ type: 'MODIFIED', object })
    const end = (file: string) => asEvent(JSON.parse(recorded(`${name}/${file}`)) as TestObject)
    wanted.last = [podState(end('pod.json')), jobState(end('job.json'))]
    const [pod] = (await client.get(`${podsPath}?${own}`)).body.items ?? []
    const ended = (await client.get(`${jobsPath}/${job}`)).body
    seen.last = [pod === undefined ? '' : podState(asEvent(pod)), jobState(asEvent(ended))]
  }
  return { seen, wanted }
}

describe('the recordings of a real cluster', () => {
  // An environment of that size is refused by Linux alone.
  const here = Object.keys(recordedCases).filter((name) => name !== 'env-too-long' || process.platform === 'linux')
  it.concurrent.each(here)(
    '%s',
    async (name) => {
      const { own } = recordedCases[name] ?? {}
      const kube = own === undefined ? shared : await start(own)
      try {
        const { seen, wanted } = await replay(name, kube)
        expect(seen).toEqual(wanted)
      } finally {
        if (kube !== shared) await kube.close()
      }
    },
    90_000,
  )

  it('are all replayed or listed as left out', () => {
    const folders = readdirSync(new URL('../src/__fixtures__/kubernetes/', import.meta.url))
    const known = [...Object.keys(recordedCases), ...otherRecordings]
    expect(folders.toSorted()).toEqual(known.toSorted())
    expect(Object.keys(notReplayed).filter((name) => known.includes(name))).toEqual([])
  })
})

/** The Events about a Job and its pods, as soon as there are so many different ones. */
async function eventsUntil(client: TestClient, job: string, count: number, stop: AbortSignal): Promise<string[]> {
  const mine: TestObject[] = []
  let facts: string[] = []
  try {
    for await (const { object } of client.watch(`/api/v1/namespaces/${namespace}/events?watch=true`, stop)) {
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
