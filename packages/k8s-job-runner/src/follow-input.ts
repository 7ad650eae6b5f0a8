import type { JournalSource, LogCursor } from '@agent-jobs/log-stream'
import type { FollowSettings } from './follow-settings.ts'
import type { Job } from './kubernetes.ts'

/** What a follower needs to know about its run. */
export interface FollowInput {
  job: Job
  runId: string
  key: string
  settings: FollowSettings
  cursor?: LogCursor | undefined
  journal?: JournalSource | undefined
  /** Only observe: its owner removes what the run leaves behind. */
  observe?: boolean | undefined
  /** When the call began, by the runner's clock. */
  calledAt: number
  submittedMs?: number
}
