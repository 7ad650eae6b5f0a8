import type { JsonObject } from '@agent-jobs/stream-parser-core'
import type { LineIdentity } from './line-identity.ts'

/** The conversation was discarded (`/clear`, a plan that starts over); later lines have another session id. */
export interface ConversationResetEvent extends LineIdentity {
  readonly type: 'conversation_reset'
  readonly new_conversation_id: string
  readonly trigger?: string
  readonly user_message_uuid?: string
}

/** Talk between the CLI and its host, only with `--input-format stream-json`. It says nothing of the run. */
export interface ControlEvent {
  readonly type: 'control_request' | 'control_response' | 'control_cancel_request'
  readonly request_id?: string
  readonly request?: JsonObject
  readonly response?: JsonObject
}

/** What the person may ask next. */
export interface PromptSuggestionEvent extends LineIdentity {
  readonly type: 'prompt_suggestion'
  readonly suggestion: string
}

/** Nothing but a sign of life. */
export interface KeepAliveEvent {
  readonly type: 'keep_alive'
}

/** The goal that a `/goal` hook holds the agent to; null when there is none any more. */
export interface ActiveGoalEvent extends LineIdentity {
  readonly type: 'active_goal'
  readonly value: {
    readonly condition: string
    readonly iterations: number
    readonly set_at: number
    readonly tokens_at_start: number
    readonly last_reason?: string
  } | null
}
