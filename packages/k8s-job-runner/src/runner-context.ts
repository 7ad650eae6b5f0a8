import type { KubeClient } from '@agent-jobs/kube-api'
import type { SpoolSettings } from '@agent-jobs/log-stream'
import type { Clock } from '@agent-jobs/primitives'
import type { Endings } from './endings.ts'
import type { QueueBoard } from './queue-news.ts'

/** A recoverable problem. */
export interface RunnerWarning {
  code: string
  message: string
  cause?: unknown
}

/** What all parts of a runner share. */
export interface RunnerContext {
  client: KubeClient
  namespace: string
  clock: Clock
  random: () => number
  warn: (warning: RunnerWarning) => void
  endings: Endings
  queues: QueueBoard
  /** Where output waits for a slow consumer. */
  spool?: SpoolSettings | undefined
  /** The API server has accepted the credentials at least once, so a later 401 is retried for a while. */
  trusted: boolean
  /** Fires when the client is closed: following ends. */
  closed: AbortController
}
