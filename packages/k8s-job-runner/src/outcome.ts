/** Fields that every outcome has. */
export interface OutcomeFacts {
  /** The command's exit code, if known. */
  readonly exitCode: number | null
  /** The signal that ended the command, if known. */
  readonly signal: string | null
  /** Which evidence decided. */
  readonly source: 'end_record' | 'pod_status' | 'job_status' | 'events' | 'absence' | 'none'
  /** Kubernetes' reason, such as `OOMKilled`. */
  readonly reason?: string
  /** Kubernetes' message. */
  readonly message?: string
  readonly pod?: string
  readonly node?: string
  /** How long the command ran, by the launcher's clock, in milliseconds. */
  readonly durationMs?: number
  /** Present when the launcher ended the command because it repeated itself (`finish.loop`). */
  readonly stoppedBy?: 'loop_limit'
  /** What to do, where this case has a better remedy than its code. */
  readonly remedy?: string
  /** Further notes, one sentence each. */
  readonly notes: readonly string[]
}

/** A deletion that this process did not request. */
export interface DeletionSeen {
  what: 'pod' | 'job'
  /** When it was seen, in milliseconds since the epoch, by the clock of this process. */
  at: number | undefined
  /** Which read found it. */
  by: 'status' | 'watch' | 'read'
}

/** The fields specific to each kind. */
export type OutcomeKind =
  | { readonly kind: 'succeeded'; readonly code: 'succeeded' }
  | { readonly kind: 'exited'; readonly code: 'exited'; readonly exitCode: number }
  | { readonly kind: 'signalled'; readonly code: 'signalled'; readonly signal: string }
  | { readonly kind: 'oomKilled'; readonly code: 'oom_killed'; readonly process: 'main' | 'child' }
  | { readonly kind: 'evicted'; readonly code: 'evicted'; readonly by: 'api' | 'kubelet' | 'taint' }
  | { readonly kind: 'preempted'; readonly code: 'preempted'; readonly by: 'scheduler' | 'kubelet' | 'queue' }
  | { readonly kind: 'nodeLost'; readonly code: 'node_lost' }
  | { readonly kind: 'containerLost'; readonly code: 'container_lost' }
  | {
      readonly kind: 'deadlineExceeded'
      readonly code: 'deadline_exceeded'
      readonly limit: 'pod' | 'job' | 'total' | 'idle'
    }
  | { readonly kind: 'outputLimitExceeded'; readonly code: 'output_limit_exceeded' }
  | { readonly kind: 'cancelled'; readonly code: 'cancelled'; readonly by: string }
  | { readonly kind: 'deletedExternally'; readonly code: 'deleted_externally'; readonly seen: DeletionSeen }
  | {
      readonly kind: 'unschedulable'
      readonly code: 'unschedulable'
      readonly cause: 'resources' | 'affinity' | 'taint' | 'cordoned' | 'volume' | 'other'
    }
  | { readonly kind: 'imageError'; readonly code: 'image_error'; readonly container: string }
  | { readonly kind: 'configError'; readonly code: 'config_error' }
  | { readonly kind: 'initFailed'; readonly code: 'init_failed'; readonly container: string }
  | { readonly kind: 'admissionDenied'; readonly code: 'admission_denied' }
  | { readonly kind: 'quotaExceeded'; readonly code: 'quota_exceeded' }
  | { readonly kind: 'startFailed'; readonly code: 'start_failed' }
  | { readonly kind: 'lost'; readonly code: 'lost'; readonly known: string }
  | { readonly kind: 'followFailed'; readonly code: 'follow_failed' }

/** The outcome of a run, discriminated by `kind`; `code` is stable and safe to store. */
export type Outcome = OutcomeFacts & OutcomeKind

/** The stable code of an outcome. */
export type OutcomeCode = OutcomeKind['code']

/** Whether the command may still be running, so that nothing of the run may be removed or started in its place. */
export function mayStillRun(outcome: Pick<Outcome, 'kind'>): boolean {
  return outcome.kind === 'lost' || outcome.kind === 'nodeLost' || outcome.kind === 'followFailed'
}
