import type { EventRecorder } from './event-recorder.ts'
import type { Objects } from './store/objects.ts'
import type { ObjectStore } from './store/object-store.ts'
import type { Timing } from './timing.ts'
import type { Clock } from '@agent-jobs/primitives'

/** What every part of the cluster shares, its node included. */
export interface ClusterCore {
  store: ObjectStore
  objects: Objects
  events: EventRecorder
  clock: Clock
  random: () => number
  timing: Timing
  /** Aborts when the cluster closes; every wait inside takes it. */
  signal: AbortSignal
  nodeName: string
  dataDir: string
  /** Receives failures of background tasks, so that none is swallowed. */
  onError: (error: unknown, where: string) => void
}

/** Runs `task` and reports a failure to the cluster, unless the cluster is closing. */
export function background(
  cluster: Pick<ClusterCore, 'signal' | 'onError'>,
  where: string,
  task: () => Promise<unknown>,
): void {
  task().catch((error: unknown) => {
    if (!cluster.signal.aborted) cluster.onError(error, where)
  })
}

/** Waits `ms` of the cluster's time; zero or less does not wait at all. */
export async function pause(
  cluster: Pick<ClusterCore, 'clock' | 'signal'>,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  if (ms > 0) await cluster.clock.sleep(ms, signal ?? cluster.signal)
}
