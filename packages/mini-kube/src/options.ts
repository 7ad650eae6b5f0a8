import type { Images } from './kubelet/images.ts'
import type { Timing } from './timing.ts'
import type { Clock } from '@agent-jobs/primitives'

/** How to start the cluster; everything has a default. */
export interface MiniKubeOptions {
  /** Where to listen; loopback only unless told otherwise. */
  host?: string
  /** 0 takes a free port. */
  port?: number
  /** The administrator's token; a random one by default. */
  token?: string
  /** Folder for logs and volumes; a temporary folder, removed by `close()`, by default. */
  dataDir?: string
  /** What to use for each image; by default every name means this machine. */
  images?: Images
  /** Folders of volume claims, by `NAME` or `NAMESPACE/NAME`. */
  claims?: Record<string, string>
  /** Namespaces created at startup besides default and kube-system. */
  namespaces?: string[]
  /** `fast` (default) does everything at once, `real` takes the measured times, an object overrides single ones. */
  timing?: 'fast' | 'real' | Partial<Timing>
  /** Where time comes from; see createManualClock. */
  clock?: Clock
  /** Makes names, uids and drawn delays the same in every run. */
  seed?: number
  /** Makes faults strike the same in every run; `seed`, or 1, by default. */
  faultSeed?: number
  nodeName?: string
  /** What the node can hold. */
  capacity?: { cpu?: string; memory?: string; pods?: string }
  /** Size at which a running container's log is rotated. */
  logRotateBytes?: number
  /** How many changes per kind a watch can go back. */
  watchWindow?: number
  /** How many Events are kept. */
  eventLimit?: number
  /** Whether to obey runAsUser; only possible as root, where it is the default. */
  honourUser?: boolean
  /** Called for every answered request. */
  onRequest?: (request: { method: string; path: string; status: number; durationMs: number; user: string }) => void
  /** Called for failures of background tasks; a process warning by default. */
  onError?: (error: unknown, where: string) => void
}
