import type { EventRecorder } from './event-recorder.ts'
import type { Kubelet } from './kubelet/kubelet.ts'
import type { Objects } from './store/objects.ts'
import type { ObjectStore } from './store/object-store.ts'
import type { Timing } from './timing.ts'
import type { Clock } from '@agent-jobs/primitives'

/** The node as the API server sees it. */
export interface NodePort {
  kubelet: Kubelet
  hostIP: string
  isUp: () => boolean
  /** Ends all log streams that are open when the kubelet dies. */
  streams: AbortController
  /** Until when a restarted kubelet knows no pods. */
  notFoundUntil: () => number
}

/** What every part of the cluster shares. */
export interface Cluster {
  store: ObjectStore
  objects: Objects
  events: EventRecorder
  clock: Clock
  random: () => number
  timing: Timing
  /** Aborts when the cluster closes; every wait inside takes it. */
  signal: AbortSignal
  nodeName: string
  node: NodePort
  dataDir: string
  /** Receives failures of background tasks, so that none is swallowed. */
  onError: (error: unknown, where: string) => void
}

/** Runs `task` and reports a failure to the cluster, unless the cluster is closing. */
export function background(
  cluster: Pick<Cluster, 'signal' | 'onError'>,
  where: string,
  task: () => Promise<unknown>,
): void {
  task().catch((error: unknown) => {
    if (!cluster.signal.aborted) cluster.onError(error, where)
  })
}

/** Waits `ms` of the cluster's time; zero or less does not wait at all. */
export async function pause(
  cluster: Pick<Cluster, 'clock' | 'signal'>,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  if (ms > 0) await cluster.clock.sleep(ms, signal ?? cluster.signal)
}
