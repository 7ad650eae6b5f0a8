import type { ClusterCore } from './cluster-core.ts'
import type { Kubelet } from './kubelet/kubelet.ts'

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

/** What the API server, the controllers and the faults share. */
export interface Cluster extends ClusterCore {
  node: NodePort
}
