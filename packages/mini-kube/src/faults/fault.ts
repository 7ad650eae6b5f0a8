/** Which requests a fault affects; omitted fields match all. */
export interface RequestMatch {
  method?: string
  /** A part of the path with its query. */
  path?: string
  /** A regular expression for the path with its query. */
  pattern?: string
  /** The name of the user, as `system:serviceaccount:…`. */
  user?: string
}

interface RequestFault {
  match?: RequestMatch
  /** Ends the fault after this many hits. */
  times?: number
  /** Probability that a matching request is hit; 1 by default. */
  probability?: number
}

/** A number, or a range to draw from uniformly. */
export type Amount = number | [number, number]

/** A fault between client and server. */
export type ApiFault = RequestFault &
  (
    | { kind: 'latency'; ms: Amount }
    | { kind: 'error'; status: number; reason?: string; message?: string; retryAfterSeconds?: number }
    | {
        kind: 'cut'
        /** Bytes of the body that get through. 0 loses the answer of a write that was done. */
        afterBytes: Amount
        /** reset = RST, close = FIN in mid-body, end = a clean end, half-open = silence without an end. */
        how: 'reset' | 'close' | 'end' | 'half-open'
      }
    | { kind: 'gone' }
    | { kind: 'stale' }
    | { kind: 'drop-events' }
    | { kind: 'double-events' }
    | { kind: 'log-text'; text: string; mode?: 'instead' | 'append' }
    | { kind: 'log-not-found' }
  )

interface PodTarget {
  namespace?: string
  pod: string
  container?: string
}

/** A fault of the node, the cluster or one pod. */
export type WorldFault =
  | { kind: 'api-down'; forMs?: number }
  | { kind: 'kubelet-down'; forMs?: number; notFoundMs?: number }
  | { kind: 'node-lost' }
  | { kind: 'node-deleted' }
  | { kind: 'image'; image: string; message?: string }
  | { kind: 'mount'; volume: string; message?: string }
  | { kind: 'clock-step'; ms: number }
  | { kind: 'compact' }
  | { kind: 'cut-all' }
  | (PodTarget & { kind: 'evict'; message?: string })
  | (PodTarget & { kind: 'preempt' })
  | (PodTarget & { kind: 'oom'; exitCode?: number })
  | (PodTarget & { kind: 'exit'; exitCode: number; reason?: string })
  | (PodTarget & { kind: 'rotate' })
  | (PodTarget & { kind: 'repeat-log'; skipFiles?: number })
  | (PodTarget & { kind: 'truncate-log'; bytes: number })
  | (PodTarget & { kind: 'remove-log' })

/** Any fault: of the API as its clients see it, or of the cluster behind it. */
export type Fault = ApiFault | WorldFault

/** An active fault. */
export interface FaultHandle {
  readonly id: string
  readonly fault: Fault
  /** How often it has been applied. */
  readonly hits: number
  /** Removes it, and undoes what can be undone. */
  remove(): Promise<void>
}

/** The kinds of faults between client and server. */
export const apiFaultKinds: ReadonlySet<string> = new Set([
  'latency',
  'error',
  'cut',
  'gone',
  'stale',
  'drop-events',
  'double-events',
  'log-text',
  'log-not-found',
] satisfies ApiFault['kind'][])

export const isApiFault = (fault: Fault): fault is ApiFault => apiFaultKinds.has(fault.kind)
