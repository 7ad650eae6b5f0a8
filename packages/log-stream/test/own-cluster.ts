import { existsSync, readdirSync, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { kinds, type ResourceKind } from '@agent-jobs/kube-api'
import type { V1PersistentVolume, V1Pod } from '@kubernetes/client-node'
import { hasCluster, kubeconfig, openRealCluster, type RealCluster } from './real-cluster.ts'
import { replaceProcess } from './replace-process.ts'

/** The cluster's folder: `pids/NAME` and `commands/NAME` of each part, `podlogs`, `logs`. CONTRIBUTING.md describes it. */
const home = process.env['AGENT_JOBS_CLUSTER_HOME'] ?? dirname(kubeconfig)
const claim = 'volume'
const PersistentVolume: ResourceKind<V1PersistentVolume> = {
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  namespaced: false,
}

type Part = 'kube-apiserver' | 'kubelet' | 'containerd'

/** Whether a cluster runs on this machine, so that its components can be killed and its folders read. */
export const hasOwnCluster = hasCluster && ['pids', 'commands'].every((name) => existsSync(join(home, name)))

/** A namespace of a cluster on this machine, with one volume whose folder this process sees too. */
export interface OwnCluster extends Pick<RealCluster, 'client' | 'namespace' | 'ended'>, AsyncDisposable {
  /** The volume's folder on this machine; in the pods it is `/volume`. */
  readonly folder: string
  /** Creates a pod that runs one container with the volume, and returns it with its uid. */
  start(name: string, command: string[], env?: Record<string, string>): Promise<V1Pod>
  /** Kills a part of the cluster and starts it again; resolves when it is ready. */
  restart(part: Part): Promise<void>
  /** Counts the log files of a container that were rotated away, and waits for more of them. */
  watchRotations(pod: V1Pod): { count(): number; beyond(count: number): Promise<void>; close(): void }
}

/** Opens a namespace of its own with its volume. */
export async function openOwnCluster(): Promise<OwnCluster> {
  const cluster = await openRealCluster()
  const { client, namespace, ended, becomes } = cluster

  async function restart(part: Part): Promise<void> {
    await replaceProcess(home, part)
    const restartedAt = Date.now()
    // The client repeats this call until the API server answers; a node that reports again has its kubelet back.
    const { items } = await client.list(kinds.Node)
    await becomes(kinds.Node, { name: items[0]?.metadata?.name ?? '' }, (node) => {
      const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
      // Reported in whole seconds, every 4 s.
      return ready?.status === 'True' && (ready.lastHeartbeatTime?.getTime() ?? 0) > restartedAt
    })
  }

  function watchRotations(pod: V1Pod): ReturnType<OwnCluster['watchRotations']> {
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

  async function openVolume(): Promise<string> {
    await client.create(kinds.PersistentVolumeClaim, {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: claim, namespace },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    })
    const bound = await becomes(
      kinds.PersistentVolumeClaim,
      { name: claim, namespace },
      (volumeClaim) => volumeClaim.status?.phase === 'Bound',
    )
    const volume = await client.get(PersistentVolume, { name: bound?.spec?.volumeName ?? '' })
    const folder = volume.spec?.hostPath?.path ?? ''
    if (!existsSync(folder)) throw new Error(`Expected the volume's folder on this machine, found none at '${folder}'`)
    return folder
  }

  try {
    return {
      client,
      namespace,
      ended,
      folder: await openVolume(),
      start: (name, command, env = {}) => cluster.start(name, { command, env, claim }),
      restart,
      watchRotations,
      [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
    }
  } catch (error) {
    await cluster[Symbol.asyncDispose]()
    throw error
  }
}
