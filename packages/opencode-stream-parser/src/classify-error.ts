import type { AgentErrorCode } from '@agent-jobs/stream-parser-core'
import type { ErrorFacts } from './error-facts.ts'
import { unknownSessionIn } from './startup-text.ts'

/** A code and the member that decided it. */
export interface ErrorVerdict {
  readonly code: AgentErrorCode
  readonly field: string
  readonly value: string | number | null
}

const byName = new Map<string, AgentErrorCode>([
  ['ContextOverflowError', 'context_overflow'],
  ['ContentFilterError', 'model_refusal'],
  ['MessageOutputLengthError', 'output_limit'],
  ['MessageAbortedError', 'interrupted'],
  ['StructuredOutputError', 'structured_output_failed'],
  ['ProviderAuthError', 'auth_failed'],
  ['ProviderModelNotFoundError', 'model_unavailable'],
  ['ProviderInitError', 'start_failed'],
  ['ConfigInvalidError', 'start_failed'],
  ['ConfigJsonError', 'start_failed'],
  ['ConfigFrontmatterError', 'start_failed'],
  ['ConfigDirectoryTypoError', 'start_failed'],
  ['ConfigRemoteAuthError', 'auth_failed'],
  ['NotFoundError', 'session_unavailable'],
])

/** Sentences of the runtime, from their beginning, about a connection that failed. */
const connectionFailed =
  /^(?:(?:SyntaxError: )?JSON Parse error: Unexpected EOF|(?:TypeError: )?(?:fetch failed|terminated|Failed to fetch)|(?:Error: )?(?:(?:read |write |connect |getaddrinfo )?(?:ECONN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|ENOTFOUND|EAI_AGAIN)|socket hang up|Unable to connect|The socket connection was closed|The operation timed out|Cannot connect to API|Connection (?:error|reset|refused|closed)))/i

/** The code of an `error` line, from members alone. */
export function classifyError(error: ErrorFacts): ErrorVerdict {
  const of = (code: AgentErrorCode | undefined, field: string, value: string | number | null): ErrorVerdict | null =>
    code === undefined ? null : { code, field, value }
  return (
    of(byName.get(error.name), 'error.name', error.name) ??
    error.provider ??
    // Some versions wrap the error that has the name.
    of(byName.get(/^(\w+Error)\b/.exec(error.message)?.[1] ?? ''), 'error.data.message', error.message) ??
    of(
      unknownSessionIn(error.message) === null ? undefined : 'session_unavailable',
      'error.data.message',
      error.message,
    ) ??
    // An API error without an HTTP status: the connection failed.
    of(error.name === 'APIError' ? 'upstream_error' : undefined, 'error.name', error.name) ??
    of(connectionFailed.test(error.message) ? 'upstream_error' : undefined, 'error.data.message', error.message) ?? {
      code: 'agent_failed',
      field: 'error.name',
      value: error.name,
    }
  )
}
