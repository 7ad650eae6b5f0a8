import { isJsonObject, type JsonObject, objectOf, textOf } from '@agent-jobs/stream-parser-core'
import type {
  CodexEvent,
  ErrorEvent,
  ItemEvent,
  ThreadStartedEvent,
  TurnCompletedEvent,
  TurnFailedEvent,
  TurnStartedEvent,
} from './events.ts'

/** The typed event of one JSON object. A known type without its essential
 * member is handed on as unknown, except the end of a turn, which is one whatever it says. */
export function readEvent(value: JsonObject, line: number): CodexEvent {
  // Members are read by name here and below, not through a function: a line of Codex is short, and a read through a shared
  // function costs the engine several times as much.
  const { type } = value
  switch (type) {
    case 'item.completed':
      if (isItem(value['item'])) return { kind: 'item_completed', line, event: shape<ItemEvent>(value) }
      break
    case 'item.started':
      if (isItem(value['item'])) return { kind: 'item_started', line, event: shape<ItemEvent>(value) }
      break
    case 'item.updated':
      if (isItem(value['item'])) return { kind: 'item_updated', line, event: shape<ItemEvent>(value) }
      break
    case 'error':
      if (typeof value['message'] === 'string') return { kind: 'error', line, event: shape<ErrorEvent>(value) }
      break
    case 'thread.started':
      if (typeof value['thread_id'] === 'string')
        return { kind: 'thread_started', line, event: shape<ThreadStartedEvent>(value) }
      break
    case 'turn.started':
      return { kind: 'turn_started', line, event: shape<TurnStartedEvent>(value) }
    case 'turn.completed':
      return { kind: 'turn_completed', line, event: shape<TurnCompletedEvent>(value) }
    case 'turn.failed':
      return { kind: 'turn_failed', line, event: shape<TurnFailedEvent>(value) }
    default:
  }
  return { kind: 'unknown', line, event: { type: unknownType(value), value } }
}

/** True for an item of a known type with the member without which it says nothing. */
function isItem(item: unknown): boolean {
  if (!isJsonObject(item)) return false
  switch (item['type']) {
    case 'agent_message':
    case 'reasoning':
      return typeof item['text'] === 'string'
    case 'command_execution':
      return typeof item['command'] === 'string'
    case 'mcp_tool_call':
    case 'collab_tool_call':
      return typeof item['tool'] === 'string'
    case 'file_change':
      return typeof item['status'] === 'string'
    case 'web_search':
      return typeof item['query'] === 'string'
    case 'error':
      return typeof item['message'] === 'string'
    case 'todo_list':
      return true
    default:
      return false
  }
}

/** An unknown item is named by its own type, so that a count of unknown types says what is new. */
function unknownType(value: JsonObject): string | null {
  const type = textOf(value, 'type')
  const item = type?.startsWith('item.') === true ? textOf(objectOf(value, 'item'), 'type') : null
  return item === null ? type : `${type} ${item}`
}

/** The edge where parsed JSON becomes a type: members are as the CLI wrote them, not checked one by one. */
function shape<Event>(value: JsonObject): Event {
  return value as Event
}
