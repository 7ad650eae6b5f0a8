import { createKubeClient, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { startMiniKube, type MiniKube, type MiniKubeOptions } from '@agent-jobs/mini-kube'
import { KubeConfig } from '@kubernetes/client-node'
import {
  createJobRunner,
  type JobRunner,
  type JobRunnerOptions,
  type RunEvent,
  type RunHandle,
  type RunRequest,
} from '../../src/index.ts'
import { frameContainer } from './frame-container.ts'

/** A process that runs jobs, as the cluster sees it: closing its client ends all it can do. */
export interface Server {
  client: KubeClient
  runner: JobRunner
  requests: string[]
  warnings: string[]
  /** What kill -9 looks like from outside: nothing more is sent or received. */
  kill(): Promise<void>
}

/** A cluster and its observers. */
export interface World extends AsyncDisposable {
  kube: MiniKube
  server(options?: Partial<JobRunnerOptions>): Server
  /** The most pods of one key that ever ran at the same time. */
  mostLivePods(): number
  /** The Jobs that were deleted, by name. */
  deletedJobs: Set<string>
}

/** Starts a mini-kube whose image `frames` runs inside this process; every other image is this machine. */
export async function startWorld(options: MiniKubeOptions = {}): Promise<World> {
  const kube = await startMiniKube({
    images: { frames: { run: frameContainer }, '*': {} },
    honourUser: false,
    ...options,
  })
  const connect = (requests: string[] = []): KubeClient => {
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromString(kube.kubeConfig())
    return createKubeClient({
      kubeConfig,
      onRequest: ({ method, path, status }) => requests.push(`${method} ${path.replace(/\?.*/, '')} ${status}`),
    })
  }
  const observer = connect()
  const stop = new AbortController()
  const live = new Map<string, Set<string>>()
  let most = 0
  const deletedJobs = new Set<string>()
  const watchPods = (async () => {
    for await (const event of observer.listWatch(kinds.Pod, { namespace: 'default', signal: stop.signal })) {
      if (event.type === 'synced') continue
      const { uid = '', labels = {} } = event.object.metadata ?? {}
      const key = labels['agent-jobs.dev/key-hash'] ?? ''
      const pods = live.get(key) ?? new Set()
      live.set(key, pods)
      const over = event.type === 'deleted' || ['Succeeded', 'Failed'].includes(event.object.status?.phase ?? '')
      if (over) pods.delete(uid)
      else pods.add(uid)
      most = Math.max(most, pods.size)
    }
  })()
  const watchJobs = (async () => {
    for await (const event of observer.listWatch(kinds.Job, { namespace: 'default', signal: stop.signal })) {
      if (event.type === 'synced') continue
      const { name = '', deletionTimestamp } = event.object.metadata ?? {}
      if (event.type === 'deleted' || deletionTimestamp !== undefined) deletedJobs.add(name)
    }
  })()
  const servers = new Set<Server>()
  return {
    kube,
    deletedJobs,
    mostLivePods: () => most,
    server(given = {}) {
      const requests: string[] = []
      const warnings: string[] = []
      const client = connect(requests)
      const runner = createJobRunner({
        client,
        namespace: 'default',
        onWarning: ({ code, message }) => warnings.push(`${code}: ${message}`),
        ...given,
      })
      const server: Server = { client, runner, requests, warnings, kill: () => client.close() }
      servers.add(server)
      return server
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await Promise.all([watchPods, watchJobs])
      await Promise.all([...servers].map(({ client }) => client.close()))
      await observer.close()
      await kube.close()
    },
  }
}

let runs = 0

/** A request whose container is one of frame-container.ts. */
export function frames(argv: string[], fields: Partial<RunRequest> = {}): RunRequest {
  runs += 1
  return { key: `key-${runs}`, runId: `run-${runs}`, image: 'frames', command: { argv }, ...fields }
}

/** All events of a run. */
export async function collect(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

/** The text of all lines. */
export function linesOf(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'line' ? [event.text] : []))
}

/** Reads events until one matches. The rest stays where it is. */
export async function readUntil(
  events: AsyncIterator<RunEvent>,
  matches: (event: RunEvent) => boolean,
): Promise<RunEvent[]> {
  const seen: RunEvent[] = []
  for (;;) {
    const { value, done } = await events.next()
    if (done === true) throw new Error(`the events ended before one matched: ${JSON.stringify(seen)}`)
    seen.push(value)
    if (matches(value)) return seen
  }
}

/** An iterator once more as an iterable. */
export function rest(events: AsyncIterator<RunEvent>): Promise<RunEvent[]> {
  return collect({ [Symbol.asyncIterator]: () => events })
}

/** The first line of a run. */
export async function firstLine(run: RunHandle): Promise<AsyncIterator<RunEvent>> {
  const events = run.events[Symbol.asyncIterator]()
  await readUntil(events, ({ type }) => type === 'line')
  return events
}
