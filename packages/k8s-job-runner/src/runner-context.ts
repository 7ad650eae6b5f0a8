import type { KubeClient } from '@agent-jobs/kube-api'
import type { SpoolSettings } from '@agent-jobs/log-stream'
import type { Clock } from '@agent-jobs/primitives'
import type { Endings } from './endings.ts'
import type { QueueBoard } from './queue-board.ts'

/** Something that a runner survives but its owner should know. */
export interface RunnerWarning {
  code: string
  message: string
  cause?: unknown
}

/** What every part of a runner works with. */
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
  /** The API server has taken the credentials at least once, so that a later 401 is worth some patience. */
  trusted: boolean
  /** Fires when the client was closed: nothing can be followed any more. */
  closed: AbortController
}
