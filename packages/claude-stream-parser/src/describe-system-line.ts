import { type JsonObject, memberOf, numberOf, objectOf, textOf } from '@agent-jobs/stream-parser-core'

/** A `system` line in words; null for those that a person who watches does not miss. */
export function describeSystemLine(value: JsonObject): string | null {
  switch (textOf(value, 'subtype')) {
    case 'api_retry':
      return describeRetry(value)
    case 'model_fallback':
    case 'model_refusal_fallback':
      return (
        textOf(value, 'content') ??
        `Model changed from ${textOf(value, 'original_model')} to ${textOf(value, 'fallback_model')}`
      )
    case 'model_refusal_no_fallback':
      return textOf(value, 'content') || 'The model refused to answer'
    case 'informational':
    case 'local_command_output':
      return textOf(value, 'content')
    case 'notification':
      return textOf(value, 'text')
    case 'permission_denied':
      return `Permission denied for ${textOf(value, 'tool_name')}: ${textOf(value, 'message')}`
    case 'compact_boundary': {
      const data = objectOf(value, 'compact_metadata')
      return `Conversation compacted: ${numberOf(data, 'pre_tokens') ?? '?'} → ${numberOf(data, 'post_tokens') ?? '?'} tokens`
    }
    case 'mirror_error':
      return `The copy of the transcript could not be written: ${textOf(value, 'error') ?? ''}`
    case 'session_writes_lost':
      return 'A part of the session could not be saved'
    case 'worker_shutting_down':
      return `Claude Code is shutting down: ${textOf(value, 'reason') ?? ''}`
    case 'status':
      return textOf(value, 'status') === 'compacting' ? 'Compacting the conversation' : null
    case 'task_started':
      return `Task started: ${textOf(value, 'description') ?? ''}${memberOf(value, 'is_backgrounded') === true ? ' (in the background)' : ''}`
    case 'task_notification':
      return `Task ${textOf(value, 'status') ?? 'ended'}: ${textOf(value, 'summary') ?? ''}`
    case 'hook_response': {
      const output = (textOf(value, 'output') ?? '').trim()
      const failed = textOf(value, 'outcome') !== 'success'
      return failed || output !== ''
        ? `Hook ${textOf(value, 'hook_name')} (${textOf(value, 'outcome')}): ${output}`
        : null
    }
    default:
      return null
  }
}

function describeRetry(value: JsonObject): string {
  const status = numberOf(value, 'error_status')
  const cause = [status, textOf(value, 'error')].filter((part) => part !== null).join(' ')
  const seconds = ((numberOf(value, 'retry_delay_ms') ?? 0) / 1000).toFixed(1)
  return `API error ${cause}; retry ${numberOf(value, 'attempt') ?? '?'} of ${numberOf(value, 'max_retries') ?? '?'} in ${seconds} s`
}
