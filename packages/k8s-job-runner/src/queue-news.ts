import type { QueueReport } from './queue-report.ts'

/** Updates for a run that waits in a queue. */
export type QueueNews =
  | { readonly kind: 'report'; readonly report: QueueReport }
  /** No information: Kueue is not installed, or reading its Workloads is forbidden. */
  | { readonly kind: 'unreadable'; readonly problem: string }

/** One watch of Kueue's Workloads for all queued runs of a runner. It is open only while a run is subscribed. */
export interface QueueBoard {
  /** Reports what is known about a Job now, and every change. Returns a function that unsubscribes. */
  subscribe(jobUid: string, queue: string, listener: (news: QueueNews) => void): () => void
}
