import type { JsonObject } from '@agent-jobs/stream-parser-core'
import type { SystemLine } from './line-identity.ts'
import type {
  AgentsKilledEvent,
  CodeChangePublishedEvent,
  CommandsChangedEvent,
  ControlRequestProgressEvent,
  ElicitationCompleteEvent,
  FilesPersistedEvent,
  InstructionSizeWarningEvent,
  MemoryRecallEvent,
  MirrorErrorEvent,
  ScheduledTaskFireEvent,
  SessionTitleChangedEvent,
  SessionWritesLostEvent,
  TaskSummaryEvent,
  VcsStateChangedEvent,
  WorkerShuttingDownEvent,
} from './notice-events.ts'

/** An MCP server as `init` lists it. */
export interface McpServerStatus {
  readonly name: string
  readonly status: string
  readonly source?: string
}

/** Usually the first line. A run that goes on after its answer (a background task ended) prints a second one. */
export interface InitEvent extends SystemLine<'init'> {
  readonly cwd: string
  readonly tools: readonly string[]
  readonly mcp_servers: readonly McpServerStatus[]
  /** The requested model; the one that answered is in the `assistant` lines. */
  readonly model: string
  readonly permissionMode: string
  readonly slash_commands: readonly string[]
  readonly terminal_slash_commands?: readonly string[]
  readonly apiKeySource: string
  readonly claude_code_version?: string
  readonly output_style?: string
  readonly agents?: readonly string[]
  readonly skills?: readonly string[]
  readonly plugins?: readonly { readonly name: string; readonly path: string; readonly source?: string }[]
  readonly capabilities?: readonly string[]
  readonly analytics_disabled?: boolean
  readonly product_feedback_disabled?: boolean
  readonly served_by_anthropic?: boolean
  readonly memory_paths?: { readonly auto?: string }
  readonly original_cwd?: string
  readonly additional_directories?: readonly string[]
  readonly messaging_socket_path?: string
  readonly fast_mode_state?: string
  readonly fast_mode_disabled_reason?: string
  readonly per_turn_effort_active?: boolean
  readonly ultrathink_available?: boolean
  readonly ultrathink_typed_raises?: boolean
  readonly view_mode?: string
}

/** The CLI waits before it asks the API again. */
export interface ApiRetryEvent extends SystemLine<'api_retry'> {
  readonly attempt: number
  readonly max_retries: number
  readonly retry_delay_ms: number
  /** HTTP status, or null when no answer came. */
  readonly error_status: number | null
  readonly error: string
}

/** A background task as `background_tasks_changed` lists it. */
export interface BackgroundTask {
  readonly task_id: string
  readonly run_id?: string
  readonly task_type: string
  readonly subagent_type?: string
  readonly description: string
  /** Not work that anybody waits for (a watcher). */
  readonly ambient?: boolean
  /** The work goes on outside this process. */
  readonly off_host?: boolean
}

/** Every live background task after a change; replaces the list of the one before. */
export interface BackgroundTasksChangedEvent extends SystemLine<'background_tasks_changed'> {
  readonly tasks: readonly BackgroundTask[]
}

/** The conversation was compacted here. */
export interface CompactBoundaryEvent extends SystemLine<'compact_boundary'> {
  readonly compact_metadata: {
    readonly trigger: string
    readonly pre_tokens: number
    readonly post_tokens?: number
    readonly cumulative_dropped_tokens?: number
    readonly duration_ms?: number
    readonly preserved_segment?: {
      readonly head_uuid: string
      readonly anchor_uuid: string
      readonly tail_uuid: string
    }
    readonly preserved_messages?: {
      readonly anchor_uuid: string
      readonly uuids: readonly string[]
      readonly all_uuids?: readonly string[]
    }
  }
  readonly logical_parent_uuid?: string
}

/** A hook started. */
export interface HookStartedEvent extends SystemLine<'hook_started'> {
  readonly hook_id: string
  readonly hook_name: string
  readonly hook_event: string
}

/** A hook ended. */
export interface HookResponseEvent extends SystemLine<'hook_response'> {
  readonly hook_id: string
  readonly hook_name: string
  readonly hook_event: string
  readonly output: string
  readonly stdout: string
  readonly stderr: string
  readonly exit_code?: number
  readonly outcome: string
}

/** A remark of the CLI for the person who watches. */
export interface InformationalEvent extends SystemLine<'informational'> {
  readonly content: string
  readonly level: string
  readonly prevent_continuation?: boolean
  /** A hook kept the prompt from the model. */
  readonly prompt_submit_outcome?: { readonly kind: string; readonly prompt_kept?: boolean; readonly reason?: string }
}

/** The CLI continues with another model. */
export interface ModelFallbackEvent extends SystemLine<'model_fallback'> {
  readonly trigger: string
  readonly original_model: string
  readonly fallback_model: string
  readonly content: string
}

/** The model refused and no other model may be asked. */
export interface ModelRefusalEvent extends SystemLine<'model_refusal_no_fallback'> {
  readonly original_model: string
  readonly request_id?: string
  readonly api_refusal_category?: string | null
  readonly api_refusal_explanation?: string | null
  readonly refused_user_message_uuid?: string
  readonly content: string
}

/** A tool call was not permitted; the run goes on. */
export interface PermissionDeniedEvent extends SystemLine<'permission_denied'> {
  readonly tool_name: string
  readonly tool_use_id: string
  readonly decision_reason_type?: string
  readonly message: string
}

/** What the CLI is busy with: compacting, requesting, or nothing of the kind (null). */
export interface StatusEvent extends SystemLine<'status'> {
  readonly status: string | null
  readonly permissionMode?: string
  readonly compact_result?: string
  readonly compact_error?: string
}

/** Tokens, calls and time of a task. */
export interface TaskUsage {
  readonly total_tokens: number
  readonly tool_uses: number
  readonly duration_ms: number
}

/** A sub-agent or a command began, in the foreground or in the background. */
export interface TaskStartedEvent extends SystemLine<'task_started'> {
  readonly task_id: string
  readonly run_id?: string
  readonly tool_use_id?: string
  readonly description: string
  readonly is_backgrounded?: boolean
  readonly task_type?: string
  readonly subagent_type?: string
  readonly spawn_depth?: number
  readonly prompt?: string
}

/** A sub-agent did something. */
export interface TaskProgressEvent extends SystemLine<'task_progress'> {
  readonly task_id: string
  readonly run_id?: string
  readonly tool_use_id?: string
  readonly description: string
  readonly subagent_type?: string
  readonly usage: TaskUsage
  readonly last_tool_name?: string
}

/** Some members of a task changed. */
export interface TaskUpdatedEvent extends SystemLine<'task_updated'> {
  readonly task_id: string
  readonly run_id?: string
  readonly patch: {
    readonly status?: string
    readonly description?: string
    readonly end_time?: number
    readonly total_paused_ms?: number
    readonly error?: string
    readonly is_backgrounded?: boolean
  }
}

/** A task ended. */
export interface TaskNotificationEvent extends SystemLine<'task_notification'> {
  readonly task_id: string
  readonly run_id?: string
  readonly tool_use_id?: string
  readonly status: string
  readonly output_file: string
  readonly summary: string
  readonly summary_is_report?: boolean
  readonly usage?: TaskUsage
}

/** An estimate of the thinking so far. */
export interface ThinkingTokensEvent extends SystemLine<'thinking_tokens'> {
  readonly estimated_tokens: number
  readonly estimated_tokens_delta: number
}

/** The model refused; another one is asked. */
export interface ModelRefusalFallbackEvent extends SystemLine<'model_refusal_fallback'> {
  readonly trigger: string
  readonly direction: string
  readonly scope?: string
  readonly original_model: string
  readonly fallback_model: string
  readonly request_id?: string | null
  readonly api_refusal_category?: string | null
  readonly content?: string
}

/** Output of a hook that still runs. */
export interface HookProgressEvent extends SystemLine<'hook_progress'> {
  readonly hook_id: string
  readonly hook_name: string
  readonly hook_event: string
  readonly stdout: string
  readonly stderr: string
  readonly output: string
}

/** What a local slash command printed. */
export interface LocalCommandOutputEvent extends SystemLine<'local_command_output'> {
  readonly content: string
}

/** A short notice of the CLI. */
export interface NotificationEvent extends SystemLine<'notification'> {
  readonly key: string
  readonly text: string
  readonly priority: string
}

/** Whether the session works, waits or is idle. */
export interface SessionStateChangedEvent extends SystemLine<'session_state_changed'> {
  readonly state: string
}

/** A plugin is being installed. */
export interface PluginInstallEvent extends SystemLine<'plugin_install'> {
  readonly status: string
  readonly name?: string
  readonly error?: string
}

/** A `system` line, told apart by `subtype`. */
export type SystemEvent =
  | InitEvent
  | ApiRetryEvent
  | BackgroundTasksChangedEvent
  | CompactBoundaryEvent
  | HookStartedEvent
  | HookResponseEvent
  | InformationalEvent
  | ModelFallbackEvent
  | ModelRefusalEvent
  | PermissionDeniedEvent
  | StatusEvent
  | TaskStartedEvent
  | TaskProgressEvent
  | TaskUpdatedEvent
  | TaskNotificationEvent
  | ThinkingTokensEvent
  | ModelRefusalFallbackEvent
  | HookProgressEvent
  | LocalCommandOutputEvent
  | NotificationEvent
  | SessionStateChangedEvent
  | PluginInstallEvent
  | ScheduledTaskFireEvent
  | SessionWritesLostEvent
  | SessionTitleChangedEvent
  | VcsStateChangedEvent
  | CodeChangePublishedEvent
  | FilesPersistedEvent
  | CommandsChangedEvent
  | MemoryRecallEvent
  | InstructionSizeWarningEvent
  | TaskSummaryEvent
  | AgentsKilledEvent
  | MirrorErrorEvent
  | ElicitationCompleteEvent
  | ControlRequestProgressEvent
  | WorkerShuttingDownEvent

const subtypes: Readonly<Record<SystemEvent['subtype'], true>> = {
  init: true,
  api_retry: true,
  background_tasks_changed: true,
  compact_boundary: true,
  hook_started: true,
  hook_response: true,
  informational: true,
  model_fallback: true,
  model_refusal_no_fallback: true,
  permission_denied: true,
  status: true,
  task_started: true,
  task_progress: true,
  task_updated: true,
  task_notification: true,
  thinking_tokens: true,
  model_refusal_fallback: true,
  hook_progress: true,
  local_command_output: true,
  notification: true,
  session_state_changed: true,
  plugin_install: true,
  scheduled_task_fire: true,
  session_writes_lost: true,
  session_title_changed: true,
  vcs_state_changed: true,
  code_change_published: true,
  files_persisted: true,
  commands_changed: true,
  memory_recall: true,
  instruction_size_warning: true,
  task_summary: true,
  agents_killed: true,
  mirror_error: true,
  elicitation_complete: true,
  control_request_progress: true,
  worker_shutting_down: true,
}

/** True for a subtype that {@link SystemEvent} describes. */
export function isSystemSubtype(subtype: string | null): boolean {
  return subtype !== null && Object.hasOwn(subtypes, subtype)
}

/** A parsed line that no type describes: passed on as it came. */
export interface UnknownEvent {
  readonly type: string | null
  readonly subtype: string | null
  readonly value: JsonObject
}
