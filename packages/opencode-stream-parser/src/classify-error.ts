import { type AgentErrorCode, codeOfStatus } from '@agent-jobs/stream-parser-core'
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

// `error.code` or `error.type` of the provider: more exact than the HTTP status, which is 400 or 429 for many.
const byProvider = new Map<string, AgentErrorCode>([
  ['authentication_error', 'auth_failed'],
  ['permission_error', 'auth_failed'],
  ['invalid_api_key', 'auth_failed'],
  ['billing_error', 'billing_required'],
  ['billing_hard_limit_reached', 'billing_required'],
  ['billing_not_active', 'billing_required'],
  ['insufficient_quota', 'quota_exhausted'],
  ['usage_limit_reached', 'quota_exhausted'],
  ['usage_not_included', 'quota_exhausted'],
  ['rate_limit_error', 'rate_limited'],
  ['rate_limit_exceeded', 'rate_limited'],
  ['overloaded_error', 'overloaded'],
  ['server_is_overloaded', 'overloaded'],
  ['not_found_error', 'model_unavailable'],
  ['model_not_found', 'model_unavailable'],
  ['context_length_exceeded', 'context_overflow'],
  ['request_too_large', 'context_overflow'],
  ['content_filter', 'model_refusal'],
  ['content_policy_violation', 'model_refusal'],
  ['timeout_error', 'upstream_error'],
  // OpenCode's own gateway (Zen, Go, the free models).
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

/** The code of an `error` line, from members alone. */
export function classifyError(error: ErrorFacts): ErrorVerdict {
  const of = (code: AgentErrorCode | undefined, field: string, value: string | number | null): ErrorVerdict | null =>
    code === undefined ? null : { code, field, value }
  return (
    of(byName.get(error.name), 'error.name', error.name) ??
    of(error.status === 402 ? 'billing_required' : undefined, 'error.data.statusCode', error.status) ??
    of(byProvider.get(error.providerCode ?? ''), 'error.data.responseBody error.code', error.providerCode) ??
    of(byProvider.get(error.providerType ?? ''), 'error.data.responseBody error.type', error.providerType) ??
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
