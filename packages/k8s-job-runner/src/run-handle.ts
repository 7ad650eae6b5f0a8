import type { Outcome } from './outcome.ts'
import type { RunEvent } from './run-event.ts'

/** Milliseconds from the call of `start` or `attach`; undefined for what has not happened. */
export interface RunTimings {
  submittedMs?: number
  /** It was first reported to wait in a queue, as with Kueue. */
  queuedMs?: number
  /** The pod was first seen. */
  podMs?: number
  /** The pod had a node. */
  scheduledMs?: number
  /** The kubelet began to pull an image; absent for images that were present, and for pulls of a few seconds. */
  pullingMs?: number
  /** The last image was pulled. */
  pulledMs?: number
  /** The pod's status said that the container runs. */
  runningMs?: number
  firstLineMs?: number
  /** The outcome became known. */
  endedMs?: number
}

/** The result of a cancellation. */
export type CancelVerdict =
  /** The pod has ended or is gone. */
  | 'gone'
  /** The pod was observed to exist after the grace period. */
  | 'alive'
  /** Cancellation was requested, or could not even be requested, and its result could not be observed. */
  | 'unobserved'

/** Options of a cancellation. */
export interface CancelOptions {
  /** Who cancels; recorded in the outcome and on the Job. */
  by: string
  /** From SIGTERM to SIGKILL. Default: the pod's own grace period. */
  graceSeconds?: number
  /** Stops waiting, not the cancellation. */
  signal?: AbortSignal
}

/** One run that is being followed. */
export interface RunHandle {
  readonly job: { readonly name: string; readonly namespace: string; readonly uid: string }
  /** The pod, once it exists. */
  readonly pod: { readonly name: string; readonly node: string | undefined } | undefined
  readonly runId: string
  readonly key: string
  /** The events, in order; ends after the outcome. Can be read once. */
  readonly events: AsyncIterable<RunEvent>
  /** The outcome. Rejects only when the handle is detached, or the client closed, before. */
  readonly outcome: Promise<Outcome>
  /** Resolves when all output was delivered and what the run left was removed, or kept on purpose. */
  readonly settled: Promise<void>
  readonly timings: Readonly<RunTimings>
  cancel(options: CancelOptions): Promise<CancelVerdict>
  /**
   * The command has finished its work: if its process stays, it is ended, and the outcome is that of the work.
   * `finished(false)` takes that back: more work has begun.
   */
  finished(isFinished?: boolean): Promise<void>
  /** Stops following. Everything in the cluster stays as it is. */
  detach(): Promise<void>
}
