import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  createKubeClient,
  isNotFound,
  kinds,
  type KubeClient,
  type KubeObject,
  type ResourceKind,
} from '@agent-jobs/kube-api'
import { KubeConfig, type V1Container, type V1PersistentVolume, type V1Pod } from '@kubernetes/client-node'

const kubeconfig = process.env['KUBECONFIG'] ?? ''
const home = dirname(kubeconfig)
const restarter = fileURLToPath(new URL('../../../../shared/cluster/restart', import.meta.url))
const PersistentVolume: ResourceKind<V1PersistentVolume> = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
}
const runFile = promisify(execFile)

/** Whether there is a cluster whose parts and folders are on this machine, so that its parts may be killed. */
export const hasOwnCluster = kubeconfig !== '' && existsSync(restarter) && existsSync(join(home, 'pids'))

/** A namespace of a real cluster with one volume whose folder this process sees too. */
export interface RealCluster extends AsyncDisposable {
  readonly client: KubeClient
  readonly namespace: string
  /** The volume's folder on this machine; in the pods it is `/volume`. */
  readonly folder: string
  /** Creates a pod that runs one container, and gives it with its uid. */
  start(name: string, command: string[], env?: Record<string, string>): Promise<V1Pod>
  /** Resolves when the pod's status says that its container terminated, or when the pod is gone. */
  ended(name: string, signal: AbortSignal): Promise<void>
  /** Kills a part of the cluster and starts it again; resolves when it is ready. */
  restart(part: 'kube-apiserver' | 'kubelet' | 'containerd'): Promise<void>
  /** Counts the log files of a container that were rotated away, and waits for more of them. */
  watchRotations(pod: V1Pod): { count(): number; beyond(count: number): Promise<void>; close(): void }
}

export async function openRealCluster(): Promise<RealCluster> {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromFile(kubeconfig)
  const client = createKubeClient({ kubeConfig, retry: { attempts: 200, maxMs: 500 } })
  const namespace = `log-stream-${randomBytes(3).toString('hex')}`
  const stop = new AbortController()

  /** Resolves with the object as soon as it is as wanted. */
  async function becomes<T extends KubeObject>(
    kind: ResourceKind<T>,
    place: { name: string; namespace?: string; signal?: AbortSignal },
    wanted: (object: T) => boolean,
  ): Promise<T | undefined> {
    const { name, signal = stop.signal } = place
    const selection = { namespace: place.namespace, fieldSelector: `metadata.name=${name}`, signal }
    for await (const event of client.listWatch(kind, selection)) {
      if (event.type === 'deleted') return undefined
      if (event.type !== 'synced' && wanted(event.object)) return event.object
    }
    throw new Error(`The wait for ${kind.kind} ${name} was given up`)
  }

  async function start(name: string, command: string[], env: Record<string, string> = {}): Promise<V1Pod> {
    const container: V1Container = {
      name: 'main',
      image: process.env['AGENT_JOBS_E2E_IMAGE'] ?? 'local/agent:1',
      imagePullPolicy: 'Never',
      command,
      env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
      volumeMounts: [{ name: 'volume', mountPath: '/volume' }],
    }
    return await client.create(kinds.Pod, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 1,
        containers: [container],
        volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: 'volume' } }],
      },
    })
  }

  async function ended(name: string, signal: AbortSignal): Promise<void> {
    const isOver = (pod: V1Pod): boolean => pod.status?.containerStatuses?.[0]?.state?.terminated !== undefined
    await becomes(kinds.Pod, { name, namespace, signal }, isOver)
  }

  async function restart(part: 'kube-apiserver' | 'kubelet' | 'containerd'): Promise<void> {
    await runFile(restarter, [part], { env: { ...process.env, KUBE_HOME: home } })
    const restartedAt = Date.now()
    // The client repeats this call until the API server answers; a node that reports again has its kubelet back.
    const { items } = await client.list(kinds.Node)
    await becomes(kinds.Node, { name: items[0]?.metadata?.name ?? '' }, (node) => {
      const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
      // Reported in whole seconds, every 4 s.
      return ready?.status === 'True' && (ready.lastHeartbeatTime?.getTime() ?? 0) > restartedAt
    })
  }

  function watchRotations(pod: V1Pod): ReturnType<RealCluster['watchRotations']> {
    const { name = '', uid = '' } = pod.metadata ?? {}
    const logs = join(home, 'podlogs', `${namespace}_${name}_${uid}`, 'main')
    const seen = new Set<string>()
    let changed = Promise.withResolvers<void>()
    const look = (): void => {
      // Rotated to `0.log.<time>`, which is packed to `0.log.<time>.gz` later.
      for (const file of readdirSync(logs)) {
        const [, time] = /^0\.log\.([\d-]+)/.exec(file) ?? []
        if (time !== undefined) seen.add(time)
      }
      changed.resolve()
      changed = Promise.withResolvers()
    }
    const watcher = watch(logs, look)
    look()
    return {
      count: () => seen.size,
      async beyond(count) {
        while (seen.size <= count) await changed.promise
      },
      close: () => watcher.close(),
    }
  }

  async function dispose(): Promise<void> {
    stop.abort(new Error('the test is over'))
    try {
      await client.delete(kinds.Namespace, { name: namespace })
    } catch (error) {
      if (!isNotFound(error)) throw error
    } finally {
      await client.close()
    }
  }

  try {
    await client.create(kinds.Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
    await client.create(kinds.PersistentVolumeClaim, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'volume', namespace },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    })
    const claim = await becomes(
      kinds.PersistentVolumeClaim,
      { name: 'volume', namespace },
      (volumeClaim) => volumeClaim.status?.phase === 'Bound',
    )
    const volume = await client.get(PersistentVolume, { name: claim?.spec?.volumeName ?? '' })
    const folder = volume.spec?.hostPath?.path ?? ''
    if (!existsSync(folder)) throw new Error(`Expected the volume's folder on this machine, found none at '${folder}'`)
    return { client, namespace, folder, start, ended, restart, watchRotations, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}
