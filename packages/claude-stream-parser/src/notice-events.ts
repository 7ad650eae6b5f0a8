import type { SystemLine } from './line-identity.ts'

/** A scheduled wake-up came due. */
export interface ScheduledTaskFireEvent extends SystemLine<'scheduled_task_fire'> {
  readonly content: string
}

/** The disk was full: a transcript that cannot be resumed, or settings that were not saved. */
export interface SessionWritesLostEvent extends SystemLine<'session_writes_lost'> {
  readonly error_code: string
  readonly lost: readonly string[]
}

/** The session has another name. */
export interface SessionTitleChangedEvent extends SystemLine<'session_title_changed'> {
  readonly title: string
}

/** A commit, push, merge or rebase was seen. */
export interface VcsStateChangedEvent extends SystemLine<'vcs_state_changed'> {
  readonly kind: string
  readonly cwd: string
}

/** A pull request was published. */
export interface CodeChangePublishedEvent extends SystemLine<'code_change_published'> {
  readonly provider: string
}

/** Files were kept. */
export interface FilesPersistedEvent extends SystemLine<'files_persisted'> {
  readonly files: readonly { readonly filename: string; readonly file_id: string }[]
  readonly failed: readonly { readonly filename: string; readonly error: string }[]
}

/** Slash commands came or went. */
export interface CommandsChangedEvent extends SystemLine<'commands_changed'> {
  readonly commands: readonly unknown[]
}

/** Memories were put before the model. */
export interface MemoryRecallEvent extends SystemLine<'memory_recall'> {
  readonly mode: string
  readonly memories: readonly { readonly path: string }[]
}

/** The instruction files are larger than is good. */
export interface InstructionSizeWarningEvent extends SystemLine<'instruction_size_warning'> {
  readonly total_chars: number
  readonly total_limit_chars: number
}

/** What goes on, in a phrase. */
export interface TaskSummaryEvent extends SystemLine<'task_summary'> {
  readonly detail: string | null
}

/** Background agents were ended. */
export type AgentsKilledEvent = SystemLine<'agents_killed'>

/** A copy of the transcript on another store could not be written. */
export interface MirrorErrorEvent extends SystemLine<'mirror_error'> {
  readonly error: string
  readonly key?: { readonly projectKey: string; readonly sessionId: string; readonly subpath?: string }
}

/** A question of an MCP server to the user has been answered. */
export interface ElicitationCompleteEvent extends SystemLine<'elicitation_complete'> {
  readonly mcp_server_name: string
  readonly elicitation_id: string
}

/** A request of the host is being worked on. */
export interface ControlRequestProgressEvent extends SystemLine<'control_request_progress'> {
  readonly request_id: string
  readonly status: string
  readonly attempt?: number
  readonly max_retries?: number
  readonly retry_delay_ms?: number
  readonly error_status?: number | null
}

/** The process is about to exit because its host asked for it. */
export interface WorkerShuttingDownEvent extends SystemLine<'worker_shutting_down'> {
  readonly reason: string
}
