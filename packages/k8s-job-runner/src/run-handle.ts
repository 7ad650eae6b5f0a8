import type { Outcome } from './outcome.ts'
import type { RunEvent } from './run-event.ts'

/** Milliseconds from the call of `start` or `attach`; undefined for what has not happened. */
export interface RunTimings {
  submittedMs?: number
  /** The pod's status said that the container runs. */
  runningMs?: number
  firstLineMs?: number
  /** The outcome was known. */
  endedMs?: number
}

/** What a cancellation has come to. */
export type CancelVerdict =
  /** The pod is over or gone. */
  | 'gone'
  /** It was still there after the grace, and was seen to be. */
  | 'alive'
  /** It was asked for, or could not even be asked for, and nobody could see what became of it. */
  | 'unobserved'

/** How to cancel a run. */
export interface CancelOptions {
  /** Who cancels; stands in the outcome and on the Job. */
  by: string
  /** From SIGTERM to SIGKILL. Default: the pod's own grace. */
  graceSeconds?: number
  /** Ends the waiting, not the cancellation. */
  signal?: AbortSignal
}

/** One run that is being followed. */
export interface RunHandle {
  readonly job: { readonly name: string; readonly namespace: string; readonly uid: string }
  /** The pod, once it is there. */
  readonly pod: { readonly name: string; readonly node: string | undefined } | undefined
  readonly runId: string
  readonly key: string
  /** What happens, in order; ends after the outcome. To be read once. */
  readonly events: AsyncIterable<RunEvent>
  /** What became of it. Rejects only when the handle was detached, or the client closed, before. */
  readonly outcome: Promise<Outcome>
  /** Resolves when all output was handed over and what the run left was removed, or left on purpose. */
  readonly settled: Promise<void>
  readonly timings: Readonly<RunTimings>
  cancel(options: CancelOptions): Promise<CancelVerdict>
  /**
   * The command has finished its work: should its process stay, it is ended, and the outcome is that of the work.
   * `finished(false)` takes that back: more work has begun.
   */
  finished(isFinished?: boolean): Promise<void>
  /** Stops following. Everything in the cluster stays as it is. */
  detach(): Promise<void>
}
