import type { Job, KubeEvent, Pod } from './kubernetes.ts'

/** Why the launcher stopped the command, where it did. */
export type StopCause = 'idle_limit' | 'total_limit' | 'hang_after_finish' | 'loop_limit' | 'signal' | 'output_limit'

/** The launcher's last word, as far as outcomes need it. */
export interface EndEvidence {
  exitCode: number | null
  signal: string | null
  durationMs?: number
  stoppedBy: string | null
  /** How many processes of the container were killed for memory meanwhile. */
  oomKills?: number
  startError?: { code: string; message: string }
}

/** When and how an absence was seen. */
export interface Sighting {
  at: number
  by: 'watch' | 'read'
}

/** Everything known of a run. Objects are whole and as last seen, also when they are gone since. */
export interface Evidence {
  job?: Job | undefined
  pod?: Pod | undefined
  jobGone?: Sighting | undefined
  podGone?: Sighting | undefined
  events?: readonly KubeEvent[]
  end?: EndEvidence | undefined
  /** The name of the container that runs the command. */
  container: string
  /** The container was seen terminated while nobody had asked for the pod's deletion. */
  endedUndisturbed?: boolean
  /** When a deletion was first seen, by the clock of this process. */
  deletionSeenAt?: number | undefined
  /** Somebody cancelled the run. */
  cancel?: { by: string } | undefined
  /** The caller said that the command has finished its work, and the runner then ended the pod. */
  stoppedAfterFinish?: boolean
}
