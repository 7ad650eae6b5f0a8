import { type JsonObject, objectOf, textOf } from '@agent-jobs/stream-parser-core'
import type {
  ErrorEvent,
  OpencodeEvent,
  ReasoningEvent,
  StepFinishEvent,
  StepStartEvent,
  TextEvent,
  ToolUseEvent,
} from './events.ts'

/**
 * The typed event of one JSON object. Only what tells the type apart and what everything else hangs on is
 * looked at; a known type without it is handed on as unknown instead of as a lie.
 */
export function readEvent(value: JsonObject, line: number): OpencodeEvent {
  const type = textOf(value, 'type')
  const part = objectOf(value, 'part')
  switch (type) {
    case 'step_start':
      if (part) return { kind: 'step_start', line, event: shape<StepStartEvent>(value) }
      break
    case 'text':
      if (textOf(part, 'text') !== null) return { kind: 'text', line, event: shape<TextEvent>(value) }
      break
    case 'reasoning':
      if (textOf(part, 'text') !== null) return { kind: 'reasoning', line, event: shape<ReasoningEvent>(value) }
      break
    case 'tool_use':
      if (textOf(part, 'tool') !== null && objectOf(part, 'state'))
        return { kind: 'tool_use', line, event: shape<ToolUseEvent>(value) }
      break
    case 'step_finish':
      if (textOf(part, 'reason') !== null) return { kind: 'step_finish', line, event: shape<StepFinishEvent>(value) }
      break
    case 'error':
      if (objectOf(value, 'error') || textOf(value, 'error'))
        return { kind: 'error', line, event: shape<ErrorEvent>(value) }
      break
    default:
  }
  return { kind: 'unknown', line, event: { type, value } }
}

/** The edge where parsed JSON becomes a type: members are as the CLI wrote them, not checked one by one. */
function shape<Event>(value: JsonObject): Event {
  return value as Event
}
