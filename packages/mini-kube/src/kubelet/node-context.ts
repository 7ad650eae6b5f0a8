import type { ClusterCore } from '../cluster-core.ts'
import type { Tokens } from '../api/auth.ts'
import type { Pod } from '../types.ts'
import type { Images } from './images.ts'
import type { LentPrograms } from './lent-programs.ts'
import type { ProcessTree } from './process-tree.ts'

/** Exits and errors that a fault injects into a pod, a container or the whole node. */
export interface NodeFaults {
  /** Unavailable images, by name. */
  imageProblem: (image: string) => string | undefined
  /** Why a volume cannot be mounted, by name. */
  mountProblem: (pod: Pod, volume: string) => string | undefined
}

/** What every pod worker of the node shares. */
export interface NodeContext {
  cluster: ClusterCore
  tokens: Tokens
  images: Images
  hostIP: string
  apiPort: number
  hostPath: string
  /** Programs of closed folders for containers of other users. */
  lent: LentPrograms
  /** Ends what is left of a container. */
  processes: ProcessTree
  rotateBytes: number
  faults: NodeFaults
  claimDir: (namespace: string, claim: string) => string
  /** False while the kubelet is down: processes continue, nothing is reported. */
  isUp: () => boolean
  /** Whether runAsUser is honoured; possible only for root. */
  honourUser: boolean
}
