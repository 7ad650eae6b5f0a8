import { randomBytes } from 'node:crypto'
import {
  createKubeClient,
  isNotFound,
  kinds,
  type KubeClient,
  type KubeObject,
  type ResourceKind,
} from '@agent-jobs/kube-api'
import { KubeConfig, type V1Pod, type V1PodSpec } from '@kubernetes/client-node'

/** The kubeconfig of the cluster; a cluster on this machine keeps everything else next to it. */
export const kubeconfig = process.env['KUBECONFIG'] ?? ''

/** Whether there is a cluster to test on. */
export const hasCluster = kubeconfig !== ''

/** A pod of one container. */
export interface PodPlan {
  command: string[]
  env?: Record<string, string>
  /** A claim that the container sees at `/volume`. */
  claim?: string
}

/** A namespace of a real cluster, deleted with everything in it when the test ends. */
export interface RealCluster extends AsyncDisposable {
  readonly client: KubeClient
  readonly namespace: string
  /** Creates a pod that runs one container, and returns it with its uid. */
  start(name: string, plan: PodPlan): Promise<V1Pod>
  /** Resolves when the pod's status says that its container terminated, or when the pod is gone. */
  ended(name: string, signal: AbortSignal): Promise<void>
  /** Resolves with the object once it matches; undefined when it is deleted before. */
  becomes<T extends KubeObject>(
    kind: ResourceKind<T>,
    place: { name: string; namespace?: string; signal?: AbortSignal },
    wanted: (object: T) => boolean,
  ): Promise<T | undefined>
}

function podSpec({ command, env = {}, claim }: PodPlan): V1PodSpec {
  const isMounted = claim !== undefined
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'main',
        image: process.env['AGENT_JOBS_E2E_IMAGE'] ?? 'local/agent:1',
        imagePullPolicy: 'Never',
        command,
        env: Object.entries(env).map(([name, value]) => ({ name, value })),
        ...(isMounted ? { volumeMounts: [{ name: 'volume', mountPath: '/volume' }] } : {}),
      },
    ],
    ...(isMounted ? { volumes: [{ name: 'volume', persistentVolumeClaim: { claimName: claim } }] } : {}),
  }
}

/** Opens a namespace of its own on the cluster of KUBECONFIG. Requests are patient: the API server may be restarted. */
export async function openRealCluster(): Promise<RealCluster> {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromFile(kubeconfig)
  const client = createKubeClient({ kubeConfig, retry: { attempts: 200, maxMs: 500 } })
  const namespace = `log-stream-${randomBytes(3).toString('hex')}`
  const stop = new AbortController()

  const becomes: RealCluster['becomes'] = async (kind, place, wanted) => {
    const { name, signal = stop.signal } = place
    const selection = { namespace: place.namespace, fieldSelector: `metadata.name=${name}`, signal }
    for await (const event of client.listWatch(kind, selection)) {
      if (event.type === 'deleted') return undefined
      if (event.type !== 'synced' && wanted(event.object)) return event.object
    }
    throw new Error(`The wait for ${kind.kind} ${name} was given up`)
  }

  async function dispose(): Promise<void> {
    stop.abort(new Error('the test has ended'))
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
  } catch (error) {
    await client.close()
    throw error
  }
  return {
    client,
    namespace,
    start: (name, plan) =>
      client.create(kinds.Pod, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace },
        spec: podSpec(plan),
      }),
    async ended(name, signal) {
      const isOver = (pod: V1Pod): boolean => pod.status?.containerStatuses?.[0]?.state?.terminated !== undefined
      await becomes(kinds.Pod, { name, namespace, signal }, isOver)
    },
    becomes,
    [Symbol.asyncDispose]: dispose,
  }
}
