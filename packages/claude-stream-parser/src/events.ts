import type { JsonObject, LineEvent } from '@agent-jobs/stream-parser-core'
import type { ResultEvent } from './result-event.ts'
import type {
  ActiveGoalEvent,
  ControlEvent,
  ConversationResetEvent,
  KeepAliveEvent,
  PromptSuggestionEvent,
} from './session-events.ts'
import type { ApiUsage } from './api-usage.ts'
import type { LineIdentity } from './line-identity.ts'
import type { SystemEvent, UnknownEvent } from './system-events.ts'

/** Text of the model, or of the CLI where `message.model` is `<synthetic>`. */
export interface TextBlock {
  readonly type: 'text'
  readonly text: string
}

/** Thinking of the model. */
export interface ThinkingBlock {
  readonly type: 'thinking'
  readonly thinking: string
  readonly signature?: string
}

/** A tool call. */
export interface ToolUseBlock {
  readonly type: 'tool_use'
  readonly id: string
  readonly name: string
  readonly input: unknown
}

/** What a tool call gave. */
export interface ToolResultBlock {
  readonly type: 'tool_result'
  readonly tool_use_id: string
  readonly content?: string | readonly ContentBlock[]
  readonly is_error?: boolean
}

/** A block of another kind (an image, a document, server tools, …). */
export interface OtherBlock {
  readonly type: string
  readonly [key: string]: unknown
}

/** One block of a message. */
export type ContentBlock = TextBlock | ThinkingBlock | ToolUseBlock | ToolResultBlock | OtherBlock

/** Who a line belongs to: the agent itself (null) or a sub-agent. */
interface Belonging {
  /** The tool call that started the sub-agent this line belongs to; null for the agent itself. */
  readonly parent_tool_use_id: string | null
  readonly agent_id?: string
  readonly subagent_type?: string
  readonly task_description?: string
}

/** Limits of the subscription as the API states them. */
export interface RateLimitInfo {
  readonly status: string
  /** Seconds since 1970. */
  readonly resetsAt?: number
  readonly rateLimitType?: string
  readonly overageStatus?: string
  readonly isUsingOverage?: boolean
  readonly unifiedWindows?: Readonly<
    Record<string, { readonly utilization?: number; readonly resetsAt?: number; readonly status?: string }>
  >
}

/** One content block of a model message. Blocks of one message are lines of their own with the same `message.id`. */
export interface AssistantEvent extends LineIdentity, Belonging {
  readonly type: 'assistant'
  readonly message: {
    readonly id: string
    readonly type?: string
    readonly role: string
    /** `<synthetic>` for text that the CLI made up. */
    readonly model: string
    readonly content: readonly ContentBlock[]
    readonly stop_reason: string | null
    readonly stop_sequence?: string | null
    readonly stop_details?: unknown
    /** As it stood when the message began: `output_tokens` is about 1 whatever follows. */
    readonly usage?: ApiUsage
    readonly context_management?: unknown
    readonly container?: unknown
    readonly diagnostics?: unknown
  }
  readonly timestamp?: string
  readonly request_id?: string
  readonly thinking_duration_ms?: number
  readonly thinking_display?: string
  /** Kind of the API error that this line tells of. */
  readonly error?: string
  readonly is_api_error_message?: boolean
  readonly api_error_status?: number
  readonly api_error_type?: string
  readonly api_error?: string
  readonly api_error_params?: { readonly cut?: string; readonly rate_limit_info?: RateLimitInfo }
  readonly refused_message_id?: string
}

/** A tool result, or something the CLI says to the model. */
export interface UserEvent extends LineIdentity, Belonging {
  readonly type: 'user'
  readonly message: { readonly role: string; readonly content: string | readonly ContentBlock[] }
  readonly timestamp?: string
  /** Written by the CLI, not by a person and not by a tool. */
  readonly isSynthetic?: boolean
  readonly isReplay?: boolean
  readonly is_virtual?: boolean
  readonly refused_message_id?: string
  readonly tool_use_result?: unknown
  readonly tool_result_meta?: readonly {
    readonly id: string
    readonly non_execution_kind?: string
    readonly permission_decision?: {
      readonly decision: string
      readonly source?: string
      readonly reason_type?: string
    }
  }[]
}

/** A piece of a message while it is written; only with `--include-partial-messages`. */
export interface StreamEvent extends LineIdentity {
  readonly type: 'stream_event'
  readonly event: { readonly type: string } & JsonObject
  readonly parent_tool_use_id: string | null
  readonly api_message_id?: string
  readonly ttft_ms?: number
  readonly thinking_display?: string
}

/** The limits of the subscription changed; only with OAuth credentials. */
export interface RateLimitEvent extends LineIdentity {
  readonly type: 'rate_limit_event'
  readonly rate_limit_info: RateLimitInfo
}

/** A tool call still runs. */
export interface ToolProgressEvent extends LineIdentity {
  readonly type: 'tool_progress'
  readonly tool_use_id: string
  readonly tool_name: string
  readonly parent_tool_use_id: string | null
  readonly elapsed_time_seconds: number
  readonly task_id?: string
  readonly heartbeat?: boolean
}

/** The CLI's own words for some tool calls. */
export interface ToolUseSummaryEvent extends LineIdentity {
  readonly type: 'tool_use_summary'
  readonly summary: string
  readonly preceding_tool_use_ids: readonly string[]
}

/** The CLI signs in. */
export interface AuthStatusEvent extends LineIdentity {
  readonly type: 'auth_status'
  readonly isAuthenticating: boolean
  readonly output: readonly string[]
  readonly error?: string
}

/** What the parser hands on, one for each line, told apart by `kind`. `line` counts from 1. */
export type ClaudeEvent =
  | { readonly kind: 'system'; readonly line: number; readonly event: SystemEvent }
  | { readonly kind: 'assistant'; readonly line: number; readonly event: AssistantEvent }
  | { readonly kind: 'user'; readonly line: number; readonly event: UserEvent }
  | { readonly kind: 'stream_event'; readonly line: number; readonly event: StreamEvent }
  | { readonly kind: 'rate_limit_event'; readonly line: number; readonly event: RateLimitEvent }
  | { readonly kind: 'result'; readonly line: number; readonly event: ResultEvent }
  | { readonly kind: 'tool_progress'; readonly line: number; readonly event: ToolProgressEvent }
  | { readonly kind: 'tool_use_summary'; readonly line: number; readonly event: ToolUseSummaryEvent }
  | { readonly kind: 'auth_status'; readonly line: number; readonly event: AuthStatusEvent }
  | { readonly kind: 'conversation_reset'; readonly line: number; readonly event: ConversationResetEvent }
  | { readonly kind: 'control'; readonly line: number; readonly event: ControlEvent }
  | { readonly kind: 'prompt_suggestion'; readonly line: number; readonly event: PromptSuggestionEvent }
  | { readonly kind: 'keep_alive'; readonly line: number; readonly event: KeepAliveEvent }
  | { readonly kind: 'active_goal'; readonly line: number; readonly event: ActiveGoalEvent }
  /** JSON that no type here describes, as it came. */
  | { readonly kind: 'unknown'; readonly line: number; readonly event: UnknownEvent }
  /** A line that is not a JSON object. */
  | { readonly kind: 'text'; readonly line: number; readonly text: string }
  /** A line that broke off or was too long. */
  | LineEvent
