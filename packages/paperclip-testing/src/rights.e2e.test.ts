import { randomUUID } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { createAdapter, createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { kinds, parseKubeConfig, type KubeClient } from '@agent-jobs/kube-api'
import { renderManifests, type Manifest } from '@agent-jobs/manifests'
import { CoreV1Api, KubeConfig, type V1PolicyRule } from '@kubernetes/client-node'
import type { AdapterExecutionContext, AdapterExecutionResult } from '@paperclipai/adapter-utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paperclipContext } from '../../adapter-kit/test/paperclip-context.ts'
import { scriptAgent } from '../../adapter-kit/test/script-agent.ts'
import { folderBehind, serverPlace, type ServerPlace } from './real-cluster.ts'
import { applyManifests } from './server/apply-manifests.ts'
import { flatKubeconfig } from './server/flat-kubeconfig.ts'
import { absence, removeNamespace } from './server/remove-namespace.ts'

const cluster = process.env['KUBECONFIG']
const namespace = 'rights-e2e'
const agents = `${namespace}-agents`

/** One verb of a shipped role. */
interface Right {
  role: string
  resource: string
  verb: string
}

const nameOf = ({ role, resource, verb }: Right) => `${verb} ${resource} (${role})`

/** A server whose account has the shipped rights, or all but one of them. */
interface Server {
  kubeConfig: ReturnType<typeof parseKubeConfig>
  env: Record<string, string>
  folder: string
  /** For a look at what was left. */
  admin: KubeClient
}

interface Run {
  result: AdapterExecutionResult
  log: string
  /** What the server's operator sees. */
  warnings: string[]
}

const small = {
  image: 'local/agent:1',
  'resources.requests.cpu': '1m',
  'resources.requests.memory': '32Mi',
  workspaceVolumeClaim: 'paperclip-data',
  paperclipApiUrl: 'http://127.0.0.1:9',
  graceSec: 1,
}

/** Does something with the adapter of a server, and collects what it warns of. */
async function withAdapter<T>(
  { env, kubeConfig, folder }: Server,
  script: string,
  use: (adapter: ReturnType<typeof createAdapter>) => Promise<T>,
): Promise<{ value: T; warnings: string[] }> {
  const warnings: string[] = []
  const onWarning = (message: string) => void warnings.push(message)
  const clusters = createClusterPool({ env, kubeConfig, onWarning })
  const deps = { ...systemDependencies({ env, clusters, serverPath: () => folder }), onWarning }
  try {
    const value = await use(createAdapter(scriptAgent(script), deps))
    return { value, warnings }
  } finally {
    await clusters.close()
  }
}

interface RunOptions {
  settings?: Record<string, unknown>
  signal?: AbortSignal
  agentId?: string
  taskId?: string
  onLog?: AdapterExecutionContext['onLog']
}

async function run(server: Server, script: string, { settings, ...rest }: RunOptions = {}): Promise<Run> {
  const config = { ...small, ...settings }
  const ids = { runId: randomUUID(), agentId: randomUUID(), taskId: randomUUID() }
  const { ctx, told } = paperclipContext({ ...ids, ...rest, config })
  const { value, warnings } = await withAdapter(server, script, (adapter) => adapter.execute(ctx))
  return { result: value, log: told.log.map(({ chunk }) => chunk).join(''), warnings }
}

/** Runs an agent, and stops when it says that it is at work. */
async function stopped(server: Server, script: string, why: string, options: RunOptions = {}): Promise<Run> {
  const stop = new AbortController()
  const atWork = Promise.withResolvers<void>()
  const going = run(server, script, {
    ...options,
    signal: stop.signal,
    onLog: async (_stream, chunk) => void (chunk.includes('AT WORK') && atWork.resolve()),
  })
  await Promise.race([atWork.promise, going])
  stop.abort(new Error(why))
  return going
}

const byOperator = 'Cancelled by a board operator'
const living = `console.log('AT WORK'); setInterval(() => {}, 1000)`

/** Problems of a run that should have gone well. */
function problemsOf(
  { result, log, warnings }: Run,
  wanted: { exitCode?: number; errorCode?: string } = { exitCode: 0 },
) {
  const wrong = Object.entries(wanted).filter(([key, value]) => Reflect.get(result, key) !== value)
  const { agentJob } = (result.resultJson ?? {}) as { agentJob?: { outputComplete: boolean | null } }
  return [
    ...warnings,
    ...(wrong.length > 0 ? [`${JSON.stringify(result.errorMessage)} ${log}`] : []),
    ...(agentJob?.outputComplete === true ? [] : ['the output is not complete']),
  ]
}

const jobOf = ({ result }: Run) => (result.resultJson as { agentJob?: { job: string; pod: string } } | null)?.agentJob

/** What the product does with its rights; each returns why it does not work, and nothing where it does. */
const features = {
  async 'runs an agent, follows it by watching and cleans up'(server) {
    return problemsOf(await run(server, `console.log('hello')`))
  },

  async 'adopts the Job of a server that is gone'(server) {
    const ids = { agentId: randomUUID(), taskId: randomUUID() }
    const script = `console.log('AT WORK'); setTimeout(() => {}, 3000)`
    await stopped(server, script, 'Legacy controller lease lost', ids)
    const adopted = await run(server, script, ids)
    const isAdopted = adopted.log.includes('Reattached to K8s Job')
    return [...problemsOf(adopted), ...(isAdopted ? [] : ['the Job was not adopted'])]
  },

  async 'cancels a run, keeps its pod and log, and says on the Job who did it'(server) {
    const cancelled = await stopped(server, living, byOperator, { settings: { retainJobs: true } })
    const { job = '', pod = '' } = jobOf(cancelled) ?? {}
    const isKept = await server.admin.get(kinds.Pod, { name: pod, namespace: agents }).then(
      ({ metadata }) => metadata?.deletionTimestamp === undefined,
      () => false,
    )
    const { metadata } = await server.admin.get(kinds.Job, { name: job, namespace: agents })
    const isSigned = JSON.stringify(metadata?.annotations).includes(byOperator)
    return [
      ...problemsOf(cancelled, { errorCode: 'cancelled' }),
      ...(isKept ? [] : ['the pod is gone']),
      ...(isSigned ? [] : ['the Job does not say who cancelled it']),
    ]
  },

  async 'cancels a pod whose sidecar does not stop in time'(server) {
    const sidecar = {
      name: 'stubborn',
      image: 'local/agent:1',
      imagePullPolicy: 'IfNotPresent',
      command: ['sh', '-c', `trap '' TERM; while :; do sleep 1; done`],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    }
    const cancelled = await stopped(server, living, byOperator, { settings: { sidecars: [sidecar] } })
    return problemsOf(cancelled, { errorCode: 'cancelled' })
  },

  async 'says why a pod does not start, and gives up on it'(server) {
    const settings = {
      volumes: [{ name: 'absent', secret: { secretName: 'absent' } }],
      volumeMounts: [{ name: 'absent', mountPath: '/absent' }],
      podStartTimeoutSec: 3,
    }
    const { log, warnings } = await run(server, '', { settings })
    return [...warnings, ...(log.includes('secret "absent" not found') ? [] : [`it does not say why: ${log}`])]
  },

  async 'keeps the Job of a run and lets go of its lock'(server) {
    return problemsOf(await run(server, '', { settings: { retainJobs: true } }))
  },

  async 'takes over the lock of a server that died before it created the Job'(server) {
    const agentId = randomUUID()
    const labelSelector = `paperclip.io/agent-id=${agentId}`
    const atWork = Promise.withResolvers<void>()
    const going = run(server, `console.log('AT WORK'); setTimeout(() => {}, 2000)`, {
      agentId,
      onLog: async (_stream, chunk) => void (chunk.includes('AT WORK') && atWork.resolve()),
    })
    await Promise.race([atWork.promise, going])
    const { items } = await server.admin.list(kinds.Job, { namespace: agents, labelSelector })
    const job = items[0]?.metadata?.name ?? ''
    const { items: secrets } = await server.admin.list(kinds.Secret, { namespace: agents })
    const lock = secrets.find(({ metadata }) => Object.values(metadata?.annotations ?? {}).includes(job))
    const { name = '', labels = {}, annotations = {} } = lock?.metadata ?? {}
    await going
    await absence(() => server.admin.get(kinds.Secret, { name, namespace: agents }), 'the lock')
    const left = { metadata: { name, labels, annotations }, data: lock?.data ?? {} }
    await server.admin.create(kinds.Secret, left, { namespace: agents })
    return problemsOf(await run(server, '', { agentId }))
  },

  async 'tests its environment: volume, namespace and quota'(server) {
    const { value } = await withAdapter(server, '', (adapter) =>
      adapter.testEnvironment({ companyId: randomUUID(), adapterType: 'caller_k8s', config: small }),
    )
    const wanted = ['k8s_self_pod', 'k8s_rbac', 'k8s_pvc_rwx', 'k8s_namespace_exists', 'k8s_pod_security', 'k8s_quota']
    const found = new Set(value.checks.map(({ code }) => code))
    return wanted.filter((code) => !found.has(code)).map((code) => `${code} was not checked`)
  },
} satisfies Record<string, (server: Server) => Promise<string[]>>

type Feature = keyof typeof features

const all: Feature = 'runs an agent, follows it by watching and cleans up'
const why: Feature = 'says why a pod does not start, and gives up on it'
const adopts: Feature = 'adopts the Job of a server that is gone'
const cancels: Feature = 'cancels a run, keeps its pod and log, and says on the Job who did it'
const environment: Feature = 'tests its environment: volume, namespace and quota'

/** The feature that fails without a right. */
const neededFor: Readonly<Record<string, Feature>> = {
  'create jobs (paperclip-agent-jobs)': all,
  'get jobs (paperclip-agent-jobs)': adopts,
  'list jobs (paperclip-agent-jobs)': all,
  'watch jobs (paperclip-agent-jobs)': all,
  'patch jobs (paperclip-agent-jobs)': cancels,
  'delete jobs (paperclip-agent-jobs)': all,
  'get pods (paperclip-agent-jobs)': why,
  'list pods (paperclip-agent-jobs)': 'takes over the lock of a server that died before it created the Job',
  'watch pods (paperclip-agent-jobs)': all,
  'delete pods (paperclip-agent-jobs)': 'cancels a pod whose sidecar does not stop in time',
  'patch pods (paperclip-agent-jobs)': cancels,
  'get pods/log (paperclip-agent-jobs)': all,
  'create secrets (paperclip-agent-jobs)': all,
  'get secrets (paperclip-agent-jobs)': adopts,
  'patch secrets (paperclip-agent-jobs)': all,
  'delete secrets (paperclip-agent-jobs)': 'keeps the Job of a run and lets go of its lock',
  'watch events (paperclip-agent-jobs)': why,
  'get persistentvolumeclaims (paperclip-agent-jobs)': environment,
  'get namespaces (paperclip-agent-jobs)': environment,
  'list resourcequotas (paperclip-agent-jobs)': environment,
  'get pods (paperclip-own-pod)': all,
}

/**
 * Rights that have no effect on the cluster of the tests: for Kueue, which kueue.e2e.test.ts of the runner uses, and for API
 * servers before 1.32, whose watches do not begin with a list.
 */
const elsewhere = new Set([
  'list workloads (paperclip-agent-jobs)',
  'watch workloads (paperclip-agent-jobs)',
  'get localqueues/pendingworkloads (paperclip-agent-jobs)',
  'list events (paperclip-agent-jobs)',
])

describe.skipIf(!cluster)('the shipped rights (needs KUBECONFIG)', () => {
  let place: ServerPlace
  let folder: string
  const objects = renderManifests({ namespace, values: { shareVolume: { enabled: false } } })
  const roles = objects.filter(({ kind }) => kind === 'Role') as (Manifest & { rules: V1PolicyRule[] })[]
  const bindings = objects.filter(({ kind }) => kind === 'RoleBinding')
  const rights: Right[] = roles.flatMap(({ metadata, rules }) =>
    rules.flatMap(({ resources = [], verbs }) =>
      verbs.map((verb) => ({ role: metadata.name, resource: resources[0] ?? '', verb })),
    ),
  )

  beforeAll(async () => {
    place = await serverPlace({ namespace, env: {}, signal: AbortSignal.timeout(100_000) })
    const { client } = place
    await removeNamespace(client, agents, AbortSignal.timeout(60_000))
    await applyManifests(
      client,
      objects.filter(({ kind }) => kind === 'Namespace'),
    )
    const spec = { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } }
    await client.create(
      kinds.PersistentVolumeClaim,
      { metadata: { name: 'paperclip-data' }, spec },
      { namespace: agents },
    )
    // The server sees the volume of its agents.
    folder = await folderBehind(client, agents, 'paperclip-data')
    chmodSync(folder, 0o777)
    const hard = { 'count/services': '0' }
    await client.create(kinds.ResourceQuota, { metadata: { name: 'full' }, spec: { hard } }, { namespace: agents })
  }, 170_000)
  afterAll(async () => {
    await removeNamespace(place.client, agents, AbortSignal.timeout(60_000))
    await place.close()
  })

  /** Makes a server's account that has the shipped rights without one of them. */
  async function serverWithout(without: Right | null): Promise<Server> {
    const account = `server-${randomUUID().slice(0, 8)}`
    const { client } = place
    await client.create(kinds.ServiceAccount, { metadata: { name: account } }, { namespace })
    const own = ({ metadata }: Manifest) => ({ ...metadata, name: `${metadata.name}-${account}` })
    const reduced: Manifest[] = []
    for (const role of roles) {
      const isLess = role.metadata.name === without?.role
      const rules = role.rules.map(({ apiGroups, resources, verbs }) => ({
        apiGroups,
        resources,
        verbs: verbs.filter((verb) => !(isLess && resources?.[0] === without.resource && verb === without.verb)),
      }))
      reduced.push({ ...role, metadata: own(role), rules: rules.filter(({ verbs }) => verbs.length > 0) })
    }
    const bound: Manifest[] = []
    for (const each of bindings) {
      const roleRef = { ...(each['roleRef'] as object), name: own(each).name }
      const subjects = [{ kind: 'ServiceAccount', name: account, namespace }]
      bound.push({ ...each, metadata: own(each), roleRef, subjects })
    }
    await applyManifests(client, [...reduced, ...bound])
    const admin = new KubeConfig()
    admin.loadFromDefault()
    const { status } = await admin.makeApiClient(CoreV1Api).createNamespacedServiceAccountToken({
      name: account,
      namespace,
      body: { spec: { audiences: [], expirationSeconds: 3600 } },
    })
    const config = JSON.parse(flatKubeconfig()) as { users: { user: unknown }[] }
    const users = config.users.map((each) => ({ ...each, user: { token: status?.token } }))
    const policy = { defaults: { namespace: agents }, allow: { sidecars: true, volumes: true } }
    return {
      kubeConfig: parseKubeConfig(JSON.stringify({ ...config, users })),
      env: { ...place.env, AGENT_JOBS_POLICY: JSON.stringify(policy) },
      folder,
      admin: client,
    }
  }

  /** Tries a feature for at most 50 seconds: without some rights a run waits for an operator. */
  async function problems(feature: Feature, without: Right | null): Promise<string[]> {
    const server = await serverWithout(without)
    const patience = AbortSignal.timeout(50_000)
    const late = new Promise<string[]>((resolve) => {
      patience.addEventListener('abort', () => resolve(['it does not end']))
    })
    return Promise.race([features[feature](server).catch((error: unknown) => [String(error)]), late])
  }

  it('are each needed for something that is tested here', () => {
    expect([...Object.keys(neededFor), ...elsewhere].toSorted()).toEqual(rights.map(nameOf).toSorted())
  })

  it.concurrent.each(Object.keys(features) as Feature[])('are enough for a server that %s', async (feature) => {
    expect(await problems(feature, null)).toEqual([])
  })

  it.concurrent.each(
    rights.flatMap((right) => {
      const feature = neededFor[nameOf(right)]
      return feature === undefined ? [] : [[nameOf(right), feature, right] as const]
    }),
  )('lack %s: no server %s', async (_name, feature, right) => {
    expect(await problems(feature, right)).not.toEqual([])
  })
})
