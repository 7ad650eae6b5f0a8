import { execFile } from 'node:child_process'
import { chmodSync, readFileSync, readdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { kinds, type KubeClient, type ResourceKind } from '@agent-jobs/kube-api'
import { renderManifests } from '@agent-jobs/manifests'
import type { V1Container, V1Pod, V1StatefulSet } from '@kubernetes/client-node'
import { labRules } from '../lab-policy.ts'
import { folderBehind, lendBash, waitFor } from '../real-cluster.ts'
import { apiCall, type ApiAnswer } from './api-call.ts'
import { eventually } from '../eventually.ts'
import { applyManifests } from './apply-manifests.ts'
import { openPodDoor, type PodDoor } from './pod-door.ts'
import { removeNamespace } from './remove-namespace.ts'

const run = promisify(execFile)

const StatefulSet: ResourceKind<V1StatefulSet> = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  namespaced: true,
}

/** Where the server is installed, and what this cluster lacks: it has no registry, Services or DNS. */
export interface PodServerOptions {
  client: KubeClient
  namespace: string
  /** Path of the Paperclip installation on this machine. */
  programs: string
  /** This machine's address as pods see it, and the API server's port there. */
  bridge: string
  apiPort: number
  /** Additional environment of the server. */
  env: Record<string, string>
  signal: AbortSignal
  /** Makes the objects of the server. Default: applies the shipped manifests. */
  install?: ((options: PodServerOptions, door: PodDoor) => Promise<Installation>) | undefined
}

/** An installed server. */
export interface Installation {
  /** Path of the data volume on this machine. */
  folder: string
  /** Removes everything. */
  remove(): Promise<void>
}

/** A Paperclip server that is a pod of the cluster, with the shipped manifests. */
export interface PodServer {
  /** Path of the data volume on this machine. */
  folder: string
  /** Replaces the Service: the address at which agents call back, whatever the pod's own is. */
  door: PodDoor
  url(): string
  /** Cookies of the operator's session. */
  cookie: string
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>
  /**
   * SIGKILL: the server's process dies and its container is restarted. SIGTERM: the pod is deleted and recreated.
   * Agents cannot reach it until `between` has resolved.
   */
  restart(how: 'SIGTERM' | 'SIGKILL', between?: () => Promise<unknown>): Promise<void>
  /** Waits until another pod is ready, which something replaces this one by. Agents cannot reach it until then. */
  replace(act: () => Promise<unknown>): Promise<void>
  /** The server's log. */
  log(): Promise<string>
  close(): Promise<void>
}

/** The program of the server in its pod. */
export const serverCommand = ['node', join('/opt/paperclip', 'node_modules/@paperclipai/server/dist/index.js')]

/** The programs of the server as volume and mount of its pod. */
export const programsVolume = (programs: string) => ({
  volume: { name: 'programs', hostPath: { path: realpathSync(programs) } },
  mount: { name: 'programs', mountPath: '/opt/paperclip' },
})

/** The environment of the server on this cluster, besides the addresses. */
export const serverVariables = ({ bridge, apiPort, env }: PodServerOptions): Record<string, string> => ({
  ...env,
  HOME: '/paperclip',
  KUBERNETES_SERVICE_HOST: bridge,
  KUBERNETES_SERVICE_PORT: String(apiPort),
  PAPERCLIP_MIGRATION_AUTO_APPLY: 'true',
  PAPERCLIP_MIGRATION_PROMPT: 'never',
  PAPERCLIP_DB_BACKUP_ENABLED: 'false',
  PAPERCLIP_ANNOUNCEMENTS_ENABLED: 'false',
  PAPERCLIP_TELEMETRY_DISABLED: '1',
  HEARTBEAT_SCHEDULER_INTERVAL_MS: '10000',
})

/** Paperclip answers callers only under host names that it knows. */
export const podAddress = { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }
export const hostNames = (bridge: string) => `$(POD_IP),${bridge}`

function patched(server: V1StatefulSet, options: PodServerOptions, door: PodDoor): void {
  const pod = server.spec?.template.spec
  const container: V1Container | undefined = pod?.containers[0]
  if (!pod || !container) throw new Error('the shipped StatefulSet has no container')
  const { volume, mount } = programsVolume(options.programs)
  container.image = 'local/agent:1'
  container.imagePullPolicy = 'IfNotPresent'
  container.command = serverCommand
  container.volumeMounts?.push(mount)
  pod.volumes?.push(volume)
  const here: Record<string, string> = {
    ...serverVariables(options),
    PAPERCLIP_API_URL: door.url,
    PAPERCLIP_ALLOWED_HOSTNAMES: hostNames(options.bridge),
  }
  container.env = [
    podAddress,
    ...(container.env ?? []).filter(({ name }) => !(name in here)),
    ...Object.entries(here).map(([name, value]) => ({ name, value })),
  ]
}

/** Applies the shipped manifests as `kubectl apply` does. */
async function installManifests(options: PodServerOptions, door: PodDoor): Promise<Installation> {
  const { client, namespace, signal } = options
  const manifests = renderManifests({
    namespace,
    // The tests of this lab read runs and files in one namespace; helm.paperclip.test.ts has the default, two.
    values: { agents: { namespace }, policy: labRules },
  })
  await applyManifests(
    client,
    manifests.filter(({ kind }) => kind !== 'StatefulSet'),
  )
  const folder = await folderBehind(client, namespace, 'paperclip-data')
  // The storage classes of this cluster ignore fsGroup.
  chmodSync(folder, 0o777)
  const server = manifests.find(({ kind }) => kind === 'StatefulSet') as unknown as V1StatefulSet
  patched(server, options, door)
  await client.create(StatefulSet, server, { namespace, signal })
  return { folder, remove: () => removeNamespace(client, namespace, AbortSignal.timeout(120_000)) }
}

function isReady(pod: V1Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** The server's process as this machine sees it: the pod's own process 1. */
function processOf(podUid: string): number {
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const group = readFileSync(`/proc/${name}/cgroup`, 'utf8').replaceAll('_', '-')
      if (!group.includes(podUid)) continue
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('@paperclipai/server')) return Number(name)
    } catch (error) {
      // The process has ended.
      if (!(error instanceof Error && 'code' in error && ['ENOENT', 'ESRCH'].includes(String(error.code)))) throw error
    }
  }
  throw new Error(`no process of pod ${podUid} is the Paperclip server`)
}

/** Starts the server as its users do: it is installed, then someone signs up in the browser. */
export async function startPaperclipPod(options: PodServerOptions): Promise<PodServer> {
  const { client, namespace, bridge, signal } = options
  await removeNamespace(client, namespace, signal)
  await client.create(kinds.Namespace, { metadata: { name: namespace } }, { signal })
  const keys = { BETTER_AUTH_SECRET: 'b'.repeat(64), PAPERCLIP_AGENT_JWT_SECRET: 'j'.repeat(64) }
  await client.create(kinds.Secret, { metadata: { name: 'paperclip-keys' }, stringData: keys }, { namespace, signal })
  let pod: V1Pod | null = null
  const url = () => `http://${pod?.status?.podIP}:3100`
  const door = await openPodDoor(url, bridge)
  const { folder, remove } = await (options.install ?? installManifests)(options, door)
  lendBash(join(folder, 'bin'))

  async function ready(accept: (found: V1Pod) => boolean): Promise<void> {
    pod = await waitFor(
      client,
      kinds.Pod,
      { namespace, name: 'paperclip-0', signal: AbortSignal.timeout(200_000) },
      (found) => (isReady(found) && accept(found) ? found : null),
    )
    await eventually(async () => {
      const { json } = await apiCall(url(), 'GET', '/api/health')
      const { startupRecovery } = json as { startupRecovery?: { phase?: string } }
      return startupRecovery === undefined || startupRecovery.phase === 'ready' ? true : null
    }, 'the server to be ready')
  }

  async function log(): Promise<string> {
    const { body } = await client.openLog({ namespace, pod: 'paperclip-0', container: 'paperclip', tailLines: 200 })
    const parts: Uint8Array[] = []
    for await (const part of body) parts.push(part)
    return Buffer.concat(parts).toString('utf8')
  }

  async function replace(act: () => Promise<unknown>): Promise<void> {
    const uid = pod?.metadata?.uid
    await door.shut()
    await act()
    await ready((found) => found.metadata?.uid !== uid)
    await door.open()
  }

  await ready(() => true)
  const cookie = await firstAdmin(url())
  return {
    folder,
    door,
    url,
    cookie,
    log,
    call: (method, path, body, headers = {}) =>
      // A caller with its own token is not the operator.
      apiCall(url(), method, path, body, 'authorization' in headers ? headers : { cookie, origin: url(), ...headers }),
    replace,
    async restart(how, between = async () => undefined) {
      if (how === 'SIGTERM') {
        return replace(async () => {
          await client.delete(kinds.Pod, { name: 'paperclip-0', namespace })
          await between()
        })
      }
      const uid = pod?.metadata?.uid
      if (!uid) throw new Error('there is no server to restart')
      const starts = pod?.status?.containerStatuses?.[0]?.restartCount ?? 0
      await door.shut()
      process.kill(processOf(uid), 'SIGKILL')
      await between()
      await ready((found) => (found.status?.containerStatuses?.[0]?.restartCount ?? 0) > starts)
      await door.open()
    },
    async close() {
      await door.shut()
      await remove()
    },
  }
}

async function firstAdmin(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/auth/sign-up/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ name: 'Operator', email: 'operator@example.com', password: 'correct horse battery' }),
  })
  const cookie = answer.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ')
  if (!answer.ok || cookie === '') throw new Error(`sign-up failed: ${answer.status} ${await answer.text()}`)
  const claimed = await apiCall(url, 'POST', '/api/bootstrap/claim', {}, { cookie, origin: url })
  if (claimed.status !== 200) throw new Error(`the first admin was refused: ${JSON.stringify(claimed)}`)
  return cookie
}

/** Unpacks a packed adapter next to the server's data, where the pod sees it. Returns the path in the pod. */
export async function adapterInPod(server: Pick<PodServer, 'folder'>, tarball: string, name: string): Promise<string> {
  const target = join(server.folder, 'adapters', name)
  await run('mkdir', ['-p', target])
  await run('tar', ['xzf', tarball, '--no-same-owner', '-C', target])
  await run('chmod', ['-R', 'a+rX', join(server.folder, 'adapters')])
  return `/paperclip/adapters/${name}/package`
}
