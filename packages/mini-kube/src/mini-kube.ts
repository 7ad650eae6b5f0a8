import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Tokens } from './api/auth.ts'
import { startApiServer } from './api/server.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterCore } from './cluster-core.ts'
import { type Clock, systemClock } from '@agent-jobs/primitives'
import { startGarbageCollector } from './controllers/garbage-collector.ts'
import { admissionOf, createNode, startClaims, startNamespaces, startTtl } from './controllers/housekeeping.ts'
import { startJobController } from './controllers/job-controller.ts'
import { leaseNamespace, startNodeLease } from './controllers/node-lease.ts'
import { startQuotas } from './controllers/quota.ts'
import { startScheduler } from './controllers/scheduler.ts'
import { EventRecorder } from './event-recorder.ts'
import { namespace as namespaceResource } from './kinds/core.ts'
import { Kubelet } from './kubelet/kubelet.ts'
import { LentPrograms } from './kubelet/lent-programs.ts'
import { ProcessTree } from './kubelet/process-tree.ts'
import type { NodeContext } from './kubelet/node-context.ts'
import { Faults } from './faults/faults.ts'
import { serveFaults } from './faults/control-endpoint.ts'
import { beginWorldFault, problemFor, type World } from './faults/world-faults.ts'
import { randomHex, seededRandom } from './names.ts'
import type { MiniKubeOptions } from './options.ts'
import { Objects } from './store/objects.ts'
import { ObjectStore } from './store/object-store.ts'
import { fastTiming, realTiming, type Timing } from './timing.ts'

/** A running cluster. */
export interface MiniKube {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  /** The bearer token of the cluster's administrator. */
  readonly token: string
  /** Where logs, volumes and claims lie. */
  readonly dataDir: string
  /** A kubeconfig as YAML, for kubectl and every client library. */
  kubeConfig(options?: { namespace?: string; token?: string }): string
  /** The same as an object. */
  kubeConfigObject(options?: { namespace?: string; token?: string }): KubeConfigObject
  /** The folder of a volume claim. */
  claimDir(namespace: string, claim: string): string
  /** Active faults, and how to inject one. */
  readonly faults: Faults
  /** Creates a user and returns its token; Roles and Bindings say what the user may do. */
  addUser(name: string, groups?: string[]): string
  /** Forgets the past, so that older resourceVersions get 410. */
  compact(): void
  /** Kills every container, closes every connection and removes what was made. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** A kubeconfig, in the form of its YAML. */
export interface KubeConfigObject {
  apiVersion: 'v1'
  kind: 'Config'
  clusters: { name: string; cluster: { server: string; 'insecure-skip-tls-verify': true } }[]
  users: { name: string; user: { token: string } }[]
  contexts: { name: string; context: { cluster: string; user: string; namespace: string } }[]
  'current-context': string
}

/**
 * Starts a Kubernetes API in this process that runs pods as local processes.
 * @example
 * await using kube = await startMiniKube()
 * await writeFile('kubeconfig', kube.kubeConfig())
 */
export async function startMiniKube(options: MiniKubeOptions = {}): Promise<MiniKube> {
  const ownDir = options.dataDir === undefined
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'mini-kube-'))
  const closing = new AbortController()
  const removeOwnDir = async () => {
    if (ownDir) await rm(dataDir, { recursive: true, force: true, maxRetries: 3 })
  }
  try {
    mkdirSync(dataDir, { recursive: true })
    // mkdtemp makes it 0700; a container that runs as another user must reach its own folder inside.
    if (ownDir) chmodSync(dataDir, 0o711)
    return await startIn(dataDir, options, closing, removeOwnDir)
  } catch (error) {
    closing.abort(error)
    await removeOwnDir()
    throw error
  }
}

/** Starts everything in a folder that is there. `closing` ends what runs as long as the cluster. */
async function startIn(
  dataDir: string,
  options: MiniKubeOptions,
  closing: AbortController,
  removeOwnDir: () => Promise<void>,
): Promise<MiniKube> {
  const { host = '127.0.0.1', port = 0, clock: baseClock = systemClock, seed } = options
  let clockOffset = 0
  const clock: Clock = {
    now: () => baseClock.now(),
    wallTime: () => baseClock.wallTime() + clockOffset,
    sleep: (ms, signal) => baseClock.sleep(ms, signal),
  }
  const kubeletState = { up: true, notFoundUntil: 0 }
  const imageProblems = new Map<string, string>()
  const mountProblems = new Map<string, string>()
  const random = seed === undefined ? Math.random : seededRandom(seed)
  const timing = {
    ...(options.timing === 'real' ? realTiming : fastTiming),
    ...(typeof options.timing === 'object' ? options.timing : {}),
  }
  const core = createCore({ clock, random, timing, dataDir, signal: closing.signal, options })
  const tokens = new Tokens(clock, options.token)
  const node: NodeContext = {
    cluster: core,
    tokens,
    images: options.images ?? { '*': {} },
    hostIP,
    apiPort: 0,
    hostPath: process.env['PATH'] ?? '/usr/bin:/bin',
    processes: new ProcessTree({ onProblem: (error) => core.onError(error, 'processes') }),
    lent: new LentPrograms(join(dataDir, 'lent')),
    rotateBytes: options.logRotateBytes ?? 10 * 1024 * 1024,
    faults: {
      imageProblem: (image) => problemFor(imageProblems, image),
      mountProblem: (_pod, volume) => problemFor(mountProblems, volume),
    },
    claimDir: (namespace, claim) =>
      options.claims?.[`${namespace}/${claim}`] ?? options.claims?.[claim] ?? join(dataDir, 'claims', namespace, claim),
    isUp: () => kubeletState.up,
    honourUser: options.honourUser ?? process.getuid?.() === 0,
  }
  startControllers(core)
  const kubelet = new Kubelet(node)
  const cluster: Cluster = {
    ...core,
    node: {
      kubelet,
      hostIP,
      isUp: () => kubeletState.up,
      streams: new AbortController(),
      notFoundUntil: () => kubeletState.notFoundUntil,
    },
  }
  createFirstObjects(core, options)
  startNodeLease(cluster)
  const stepClock = (ms: number): void => {
    clockOffset += ms
  }
  const world: World = { cluster, server: () => server, kubelet: kubeletState, imageProblems, mountProblems, stepClock }
  const faults = new Faults(cluster, seededRandom(options.faultSeed ?? seed ?? 1), (fault) =>
    beginWorldFault(world, fault),
  )
  const server = await startApiServer({
    cluster,
    tokens,
    host,
    port,
    filter: (request, response, path, userName) => faults.filter(request, response, path, userName),
    extension: (path, user, request, response) => serveFaults(faults, path, user, request, response),
    onRequest: options.onRequest,
  })
  node.apiPort = server.port

  const kubeConfigObject = ({ namespace = 'default', token = tokens.adminToken } = {}): KubeConfigObject => ({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'mini-kube', cluster: { server: `${server.url}/token/${token}`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'mini-kube', context: { cluster: 'mini-kube', user: 'admin', namespace } }],
    'current-context': 'mini-kube',
  })
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= (async () => {
      // Its containers are killed at once; then nothing waits for a time any more, least of all for a clock moved by hand.
      const ended = kubelet.close()
      closing.abort(new Error('the cluster is closed'))
      await ended
      await server.close()
      await removeOwnDir()
    })()
    return closed
  }
  return {
    url: server.url,
    token: tokens.adminToken,
    dataDir,
    // JSON is YAML.
    kubeConfig: (given) => `${JSON.stringify(kubeConfigObject(given), null, 2)}\n`,
    kubeConfigObject,
    claimDir: node.claimDir,
    faults,
    compact: () => core.store.compact(),
    addUser: (name, groups = []) => {
      const token = randomHex(Math.random, 40)
      tokens.add(token, { name, groups: [...groups, 'system:authenticated'] })
      return token
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const hostIP = '127.0.0.1'

function createCore(o: {
  clock: Clock
  random: () => number
  timing: Timing
  dataDir: string
  signal: AbortSignal
  options: MiniKubeOptions
}): ClusterCore {
  const { clock, random, timing, dataDir, signal, options } = o
  const { nodeName = 'mini-kube', watchWindow = 4_096, eventLimit = 2_000, onError = warn } = options
  const store = new ObjectStore({ window: watchWindow, firstRevision: 1 })
  const objects = new Objects({ store, random, now: () => clock.wallTime() })
  const events = new EventRecorder({ store, clock, random, nodeName, ttlMs: 3_600_000, limit: eventLimit })
  return { store, objects, events, clock, random, timing, signal, nodeName, dataDir, onError }
}

function warn(error: unknown, where: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.emitWarning(`${where}: ${text}`, 'MiniKubeError')
}

function startControllers(core: ClusterCore): void {
  core.objects.admission.push(admissionOf(core))
  startNamespaces(core)
  startQuotas(core)
  startClaims(core)
  startScheduler(core)
  startJobController(core)
  startGarbageCollector(core)
  startTtl(core)
}

/** The namespaces and the node that a new cluster has. */
function createFirstObjects(core: ClusterCore, { namespaces = [], capacity }: MiniKubeOptions): void {
  for (const name of ['default', 'kube-system', 'kube-public', leaseNamespace, ...namespaces]) {
    core.objects.create(namespaceResource, undefined, { metadata: { name } })
  }
  createNode(core, { cpu: '64', memory: '256Gi', pods: '10000', ...capacity }, hostIP)
}
