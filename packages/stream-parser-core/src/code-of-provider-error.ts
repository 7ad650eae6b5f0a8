import type { AgentErrorCode } from './agent-error-code.ts'

// `error.code` and `error.type` in the answers of Anthropic, OpenAI and the gateways that copy them. More exact than the
// HTTP status, which is 400 or 429 for many of them.
const codes = new Map<string, AgentErrorCode>([
  ['authentication_error', 'auth_failed'],
  ['permission_error', 'auth_failed'],
  ['invalid_api_key', 'auth_failed'],
  ['billing_error', 'billing_required'],
  ['billing_hard_limit_reached', 'billing_required'],
  ['billing_not_active', 'billing_required'],
  ['insufficient_quota', 'quota_exhausted'],
  ['usage_limit_reached', 'quota_exhausted'],
  ['usage_not_included', 'billing_required'],
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
])

/** The code that an `error.code` or `error.type` of a model's provider stands for, where it says enough by itself. */
export function codeOfProviderError(name: string | null): AgentErrorCode | undefined {
  return codes.get(name ?? '')
}
