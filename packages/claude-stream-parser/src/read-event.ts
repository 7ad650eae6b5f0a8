import { isJsonObject, type JsonObject, memberOf, objectOf, textOf } from '@agent-jobs/stream-parser-core'
import type {
  AssistantEvent,
  AuthStatusEvent,
  ClaudeEvent,
  RateLimitEvent,
  StreamEvent,
  ToolProgressEvent,
  ToolUseSummaryEvent,
  UserEvent,
} from './events.ts'
import type { ResultEvent } from './result-event.ts'
import type {
  ActiveGoalEvent,
  ControlEvent,
  ConversationResetEvent,
  KeepAliveEvent,
  PromptSuggestionEvent,
} from './session-events.ts'
import { isSystemSubtype, type SystemEvent } from './system-events.ts'

/**
 * The typed event of one JSON object. Only what tells the type apart and what everything else hangs on is
 * looked at; a known type without it is handed on as unknown instead of as a lie.
 */
export function readEvent(value: JsonObject, line: number): ClaudeEvent {
  const type = textOf(value, 'type')
  switch (type) {
    case 'system':
      if (isSystemSubtype(textOf(value, 'subtype'))) return { kind: 'system', line, event: shape<SystemEvent>(value) }
      break
    case 'assistant':
      if (Array.isArray(memberOf(objectOf(value, 'message'), 'content')))
        return { kind: 'assistant', line, event: shape<AssistantEvent>(value) }
      break
    case 'user': {
      const content = memberOf(objectOf(value, 'message'), 'content')
      if (typeof content === 'string' || Array.isArray(content))
        return { kind: 'user', line, event: shape<UserEvent>(value) }
      break
    }
    case 'result':
      if (textOf(value, 'subtype') !== null) return { kind: 'result', line, event: shape<ResultEvent>(value) }
      break
    case 'stream_event':
      if (isJsonObject(memberOf(value, 'event')))
        return { kind: 'stream_event', line, event: shape<StreamEvent>(value) }
      break
    case 'rate_limit_event':
      if (isJsonObject(memberOf(value, 'rate_limit_info')))
        return { kind: 'rate_limit_event', line, event: shape<RateLimitEvent>(value) }
      break
    case 'tool_progress':
      if (textOf(value, 'tool_use_id') !== null)
        return { kind: 'tool_progress', line, event: shape<ToolProgressEvent>(value) }
      break
    case 'tool_use_summary':
      if (textOf(value, 'summary') !== null)
        return { kind: 'tool_use_summary', line, event: shape<ToolUseSummaryEvent>(value) }
      break
    case 'conversation_reset':
      return { kind: 'conversation_reset', line, event: shape<ConversationResetEvent>(value) }
    case 'control_request':
    case 'control_response':
    case 'control_cancel_request':
      return { kind: 'control', line, event: shape<ControlEvent>(value) }
    case 'prompt_suggestion':
      return { kind: 'prompt_suggestion', line, event: shape<PromptSuggestionEvent>(value) }
    case 'keep_alive':
      return { kind: 'keep_alive', line, event: shape<KeepAliveEvent>(value) }
    case 'active_goal':
      return { kind: 'active_goal', line, event: shape<ActiveGoalEvent>(value) }
    case 'auth_status':
      return { kind: 'auth_status', line, event: shape<AuthStatusEvent>(value) }
    default:
  }
  return { kind: 'unknown', line, event: { type, subtype: textOf(value, 'subtype'), value } }
}

/** The edge where parsed JSON becomes a type: members are as the CLI wrote them, not checked one by one. */
function shape<Event>(value: JsonObject): Event {
  return value as Event
}
