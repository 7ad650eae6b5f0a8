import { type AgentErrorCode, codeOfProviderError, codeOfStatus } from '@agent-jobs/stream-parser-core'
import type { ErrorFacts } from './error-facts.ts'

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

// OpenCode's own gateway (Zen, Go, the free models) names errors like classes.
const byGateway = new Map<string, AgentErrorCode>([
  ['AuthError', 'auth_failed'],
  ['CreditsError', 'billing_required'],
  ['FreeUsageLimitError', 'quota_exhausted'],
  ['GoUsageLimitError', 'quota_exhausted'],
  ['SubscriptionUsageLimitError', 'quota_exhausted'],
  ['MonthlyLimitError', 'quota_exhausted'],
  ['UserLimitError', 'quota_exhausted'],
  ['RateLimitError', 'rate_limited'],
  ['GatewayRateLimitError', 'rate_limited'],
  ['ModelError', 'model_unavailable'],
])

// Coarse names, only of use where there is no status.
const byCoarseType = new Map<string, AgentErrorCode>([
  ['api_error', 'upstream_error'],
  ['server_error', 'upstream_error'],
  ['invalid_request_error', 'bad_request'],
])

function codeOfProvider(name: string | null): AgentErrorCode | undefined {
  return codeOfProviderError(name) ?? byGateway.get(name ?? '')
}

/** The code of an `error` line, from members alone. */
export function classifyError(error: ErrorFacts): ErrorVerdict {
  const of = (code: AgentErrorCode | undefined, field: string, value: string | number | null): ErrorVerdict | null =>
    code === undefined ? null : { code, field, value }
  return (
    of(byName.get(error.name), 'error.name', error.name) ??
    of(error.status === 402 ? 'billing_required' : undefined, 'error.data.statusCode', error.status) ??
    of(codeOfProvider(error.providerCode), 'error.data.responseBody error.code', error.providerCode) ??
    of(codeOfProvider(error.providerType), 'error.data.responseBody error.type', error.providerType) ??
    of(codeOfStatus(error.status), 'error.data.statusCode', error.status) ??
    of(byCoarseType.get(error.providerType ?? ''), 'error.data.responseBody error.type', error.providerType) ??
    // An API error without an HTTP status: the connection failed.
    of(error.name === 'APIError' ? 'upstream_error' : undefined, 'error.name', error.name) ??
    // The model's stream ended in the middle of an event; the runtime says so in these very words.
    of(
      /^(?:SyntaxError: )?JSON Parse error: Unexpected EOF/.test(error.message) ? 'upstream_error' : undefined,
      'error.data.message',
      error.message,
    ) ?? {
      code: 'agent_failed',
      field: 'error.name',
      value: error.name,
    }
  )
}
