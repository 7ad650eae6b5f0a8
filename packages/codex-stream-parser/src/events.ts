import type { JsonObject, LineEvent } from '@agent-jobs/stream-parser-core'

/** The session began or was resumed. Always the first line. */
export interface ThreadStartedEvent {
  readonly type: 'thread.started'
  /** A UUIDv7, the same after a resume. */
  readonly thread_id: string
}

/** The only turn of the process began. */
export interface TurnStartedEvent {
  readonly type: 'turn.started'
}

/** Tokens of the whole thread so far, earlier processes included. */
export interface ThreadTokens {
  /** Cached tokens included. */
  readonly input_tokens: number
  readonly cached_input_tokens: number
  readonly cache_write_input_tokens?: number
  /** Reasoning included. */
  readonly output_tokens: number
  readonly reasoning_output_tokens?: number
}

/** The turn ended well. The last line. */
export interface TurnCompletedEvent {
  readonly type: 'turn.completed'
  readonly usage?: ThreadTokens
}

/** The turn failed. The last line. */
export interface TurnFailedEvent {
  readonly type: 'turn.failed'
  readonly error?: { readonly message?: string } | null
}

/** A retry notice, or the text of the `turn.failed` that follows. Never a failure on its own. */
export interface ErrorEvent {
  readonly type: 'error'
  readonly message: string
}

/** A whole message of the model. The last one of a completed run is the answer; it may be empty. */
export interface AgentMessageItem {
  readonly id: string
  readonly type: 'agent_message'
  readonly text: string
}

/** A summary of what the model thought; only where the API sends one. */
export interface ReasoningItem {
  readonly id: string
  readonly type: 'reasoning'
  readonly text: string
}

/** A shell command. `failed` means an exit code other than 0. */
export interface CommandExecutionItem {
  readonly id: string
  readonly type: 'command_execution'
  readonly command: string
  /** stdout and stderr mixed, never shortened. */
  readonly aggregated_output: string
  /** Null while the command runs. */
  readonly exit_code: number | null
  readonly status: 'in_progress' | 'completed' | 'failed' | (string & {})
}

/** A patch. */
export interface FileChangeItem {
  readonly id: string
  readonly type: 'file_change'
  readonly changes: readonly { readonly path: string; readonly kind: 'add' | 'update' | 'delete' | (string & {}) }[]
  readonly status: 'in_progress' | 'completed' | 'failed' | (string & {})
}

/** A call of an MCP tool. A tool that reports an error has a `result`; one that could not be called has an `error`. */
export interface McpToolCallItem {
  readonly id: string
  readonly type: 'mcp_tool_call'
  readonly server: string
  readonly tool: string
  readonly arguments: unknown
  readonly result: { readonly content?: readonly unknown[]; readonly structured_content?: unknown } | null
  readonly error: { readonly message: string } | null
  readonly status: 'in_progress' | 'completed' | 'failed' | (string & {})
}

/** A search by the provider. The CLI writes `id` twice into the object; `JSON.parse` keeps the second. */
export interface WebSearchItem {
  readonly id: string
  readonly type: 'web_search'
  readonly query: string
  readonly action?: JsonObject
}

/** The plan of the model. */
export interface TodoListItem {
  readonly id: string
  readonly type: 'todo_list'
  readonly items: readonly { readonly text: string; readonly completed: boolean }[]
}

/** A call about a sub-agent. What the sub-agent does is not printed. */
export interface CollabToolCallItem {
  readonly id: string
  readonly type: 'collab_tool_call'
  readonly tool: string
  readonly receiver_thread_ids?: readonly string[]
  readonly prompt?: string | null
  readonly agents_states?: Readonly<Record<string, unknown>>
  readonly status: 'in_progress' | 'completed' | 'failed' | (string & {})
}

/** A warning. The run goes on. */
export interface ErrorItem {
  readonly id: string
  readonly type: 'error'
  readonly message: string
}

/** What an item line is about, told apart by `type`. */
export type CodexItem =
  | AgentMessageItem
  | ReasoningItem
  | CommandExecutionItem
  | FileChangeItem
  | McpToolCallItem
  | WebSearchItem
  | TodoListItem
  | CollabToolCallItem
  | ErrorItem

/** An item began, changed or ended. */
export interface ItemEvent {
  readonly type: 'item.started' | 'item.updated' | 'item.completed'
  readonly item: CodexItem
}

/** JSON that no type here describes, as it came. */
export interface UnknownEvent {
  readonly type: string | null
  readonly value: JsonObject
}

/** What the parser hands on, one for each line, told apart by `kind`. `line` counts from 1. */
export type CodexEvent =
  | { readonly kind: 'thread_started'; readonly line: number; readonly event: ThreadStartedEvent }
  | { readonly kind: 'turn_started'; readonly line: number; readonly event: TurnStartedEvent }
  | { readonly kind: 'item_started'; readonly line: number; readonly event: ItemEvent }
  | { readonly kind: 'item_updated'; readonly line: number; readonly event: ItemEvent }
  | { readonly kind: 'item_completed'; readonly line: number; readonly event: ItemEvent }
  | { readonly kind: 'turn_completed'; readonly line: number; readonly event: TurnCompletedEvent }
  | { readonly kind: 'turn_failed'; readonly line: number; readonly event: TurnFailedEvent }
  | { readonly kind: 'error'; readonly line: number; readonly event: ErrorEvent }
  | { readonly kind: 'unknown'; readonly line: number; readonly event: UnknownEvent }
  /** A line that is not a JSON object. */
  | { readonly kind: 'plain'; readonly line: number; readonly text: string }
  /** A line that broke off or was too long. */
  | LineEvent
