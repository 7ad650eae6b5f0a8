import type { EndRecord } from '@agent-jobs/frames'
import type { Job, KubeEvent, Pod } from './kubernetes.ts'
import type { QueueNews } from './queue-news.ts'

/** What the launcher reported about the end of the command, as far as outcomes need it. */
export type EndEvidence = Pick<EndRecord, 'exitCode' | 'signal' | 'stoppedBy' | 'oomKills' | 'startError'> & {
  readonly durationMs?: number | undefined
}

/** When and how an object was found missing. */
export interface Sighting {
  /** Milliseconds since the epoch. */
  at: number
  by: 'watch' | 'read'
}

/** Why the runner itself stopped the pod. */
export type StopReason =
  /** The caller reported that the work is done, but the process stayed. */
  | 'lingering'
  /** The launcher did not enforce its own limit. */
  | 'total_limit'
  | 'idle_limit'
  /** An end record was read, but the container went on running. */
  | 'unconfirmed_end'

/** How far the output of the container has been read. */
export type OutputEvidence =
  | { readonly state: 'reading' }
  /** Read to its end. `unframed` is the start of the output printed without frames, such as a shell error. */
  | { readonly state: 'read'; readonly unframed: string }
  /** Could not be read to its end. */
  | { readonly state: 'unread'; readonly problem: string }

/** Everything known about a run. Objects are complete and as last seen, also after they are gone. */
export interface Evidence {
  job?: Job | undefined
  pod?: Pod | undefined
  jobGone?: Sighting | undefined
  podGone?: Sighting | undefined
  events?: readonly KubeEvent[]
  /** The launcher's start record was read. */
  launcherStarted?: boolean
  end?: EndEvidence | undefined
  /** The kubelet's answers on the log prove that the container has ended, and that the end record is its last output. */
  endProven?: boolean
  /** Undefined until reading has started. */
  output?: OutputEvidence | undefined
  /** The name of the container that runs the command. */
  container: string
  /** The container was seen terminated while the pod was not being deleted. */
  endedUndisturbed?: boolean
  /** When a deletion was first seen, in milliseconds since the epoch. */
  deletionSeenAt?: number | undefined
  cancel?: { by: string } | undefined
  /** The latest report from the queue, if the run has one. */
  queue?: QueueNews | undefined
  /** The Job was suspended after its pod was created: by its queue, which took the quota back, or by someone else. */
  suspended?: boolean
  /** The runner stopped the pod. */
  stopped?: StopReason | undefined
}
