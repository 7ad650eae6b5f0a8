import type { ApiErrorText } from './api-error-text.ts'
import { type AgentErrorCode, codeOfNames, codeOfStatus } from '@agent-jobs/stream-parser-core'
import type { Evidence } from './evidence.ts'

/** The members that tell one API error from another; null where a line does not have them. */
export interface ApiErrorFields {
  /** `result.api_error` or `assistant.api_error`. */
  readonly kind: string | null
  /** `assistant.api_error_params.cut`. */
  readonly cut: string | null
  /** `assistant.error`, or `error` of the last `api_retry`. */
  readonly category: string | null
  /** HTTP status. */
  readonly status: number | null
  /** `api_error_type`, the API's own name. */
  readonly type: string | null
  readonly terminalReason: string | null
  readonly stopReason: string | null
  /** `rate_limit_info.status` of the error itself or of the last `rate_limit_event`. */
  readonly rateLimitStatus: string | null
  /** A `model_refusal_no_fallback` line came. */
  readonly refused: boolean
  /** The CLI's own words, where it says status and type in no member. */
  readonly words: ApiErrorText | null
}

/** A code and the member that decided it. */
export interface ApiErrorVerdict {
  readonly code: AgentErrorCode
  readonly field: keyof ApiErrorFields
  readonly value: Evidence['value']
}

// `api_error`, the CLI's own typed kind, is the most exact member there is. Those that say no more than the HTTP
// status (hook_denied, consent_unanswered, …) are left to the members after it.
const byKind = new Map<string, AgentErrorCode>([
  ['max_output_tokens', 'output_limit'],
  ['autocompact_thrashing', 'context_overflow'],
  ['message_over_context_limit', 'context_overflow'],
  ['usage_limit_reached', 'quota_exhausted'],
  ['model_requires_usage_credits', 'quota_exhausted'],
  ['long_context_credits_required', 'quota_exhausted'],
  ['safety_monitor_blocked', 'model_refusal'],
  ['stored_login_refused', 'auth_failed'],
  ['oauth_refresh_store_refused', 'auth_failed'],
  ['provider_credentials', 'auth_failed'],
  ['gateway_signin_required', 'auth_failed'],
  ['gateway_session_expired', 'auth_failed'],
  ['api_key_auth_disabled', 'auth_failed'],
  ['org_disabled_credential', 'auth_failed'],
  ['invalid_credential_header', 'auth_failed'],
  ['no_allowed_fallback', 'model_unavailable'],
  ['model_substitution_disabled', 'model_unavailable'],
  ['dlp_request_denied', 'bad_request'],
  ['claude_code_version_too_old', 'bad_request'],
  ['effort_requires_thinking', 'bad_request'],
  ['advisor_incompatible', 'bad_request'],
  ['tool_history_mismatch', 'bad_request'],
  ['pdf_too_large', 'bad_request'],
  ['pdf_password_protected', 'bad_request'],
  ['media_removed', 'bad_request'],
  ['field_not_granted', 'bad_request'],
  ['no_response', 'upstream_error'],
  ['tls_untrusted_ca', 'upstream_error'],
  ['tls_cert_signature_failure', 'upstream_error'],
  ['gateway_content_type', 'upstream_error'],
  ['connection_failed', 'upstream_error'],
  ['stream_idle_timeout', 'upstream_error'],
  ['computer_slept', 'upstream_error'],
  ['network_edge_blocked', 'upstream_error'],
  ['empty_completion', 'empty_response'],
  ['malformed_tool_use_exhausted', 'agent_failed'],
])

const byTerminalReason = new Map<string, AgentErrorCode>([
  ['prompt_too_long', 'context_overflow'],
  ['blocking_limit', 'context_overflow'],
  ['rapid_refill_breaker', 'context_overflow'],
  ['max_turns', 'max_turns'],
  ['budget_exhausted', 'max_budget'],
  ['structured_output_retry_exhausted', 'structured_output_failed'],
  ['aborted_streaming', 'interrupted'],
  ['aborted_tools', 'interrupted'],
])

// What is wrong with the account goes before the HTTP status: the API says "credit balance too low" with 400.
const accountCategories = new Map<string, AgentErrorCode>([
  ['billing_error', 'billing_required'],
  ['authentication_failed', 'auth_failed'],
  ['oauth_org_not_allowed', 'auth_failed'],
  ['cloud_credential_error', 'auth_failed'],
  ['account_on_hold', 'auth_failed'],
  ['verification_required', 'auth_failed'],
  ['model_not_found', 'model_unavailable'],
  ['max_output_tokens', 'output_limit'],
])

const byType = new Map<string, AgentErrorCode>([
  ['billing_error', 'billing_required'],
  ['authentication_error', 'auth_failed'],
  ['permission_error', 'auth_failed'],
  ['overloaded_error', 'overloaded'],
  ['rate_limit_error', 'rate_limited'],
  ['not_found_error', 'model_unavailable'],
  ['request_too_large', 'context_overflow'],
  ['timeout_error', 'upstream_error'],
])

// Coarse: the CLI says server_error for 500, 529, time-outs and lost connections alike.
const categories = new Map<string, AgentErrorCode>([
  ['overloaded', 'overloaded'],
  ['rate_limit', 'rate_limited'],
  ['server_error', 'upstream_error'],
  ['invalid_request', 'bad_request'],
])

/** What the words of the CLI or the provider's sentence tell better than category, type and status. */
const certainWords: ReadonlySet<AgentErrorCode> = new Set<AgentErrorCode>([
  'quota_exhausted',
  'billing_required',
  'model_unavailable',
  'context_overflow',
])

/** The code of a turn that ended with an API error, from members alone; null when none of them says. */
export function classifyApiError(fields: ApiErrorFields): ApiErrorVerdict | null {
  const { kind, category, status, type, words } = fields
  const by = (
    field: Exclude<keyof ApiErrorFields, 'words'>,
    code: AgentErrorCode | undefined,
  ): ApiErrorVerdict | null => (code === undefined ? null : { code, field, value: fields[field] })
  if (fields.cut === 'context_window') return by('cut', 'context_overflow')
  return (
    by('kind', byKind.get(kind ?? '')) ??
    by('terminalReason', byTerminalReason.get(fields.terminalReason ?? '')) ??
    by('stopReason', fields.stopReason === 'refusal' ? 'model_refusal' : undefined) ??
    by('refused', fields.refused ? 'model_refusal' : undefined) ??
    // Some providers say "no credit" or "plan used up" with 400 or 403, and the CLI takes that for a bad login.
    (words?.code && certainWords.has(words.code) ? { code: words.code, field: 'words', value: words.said } : null) ??
    by('category', accountCategories.get(category ?? '')) ??
    // Gateways pass on the names of the provider behind them.
    by('type', codeOfNames(type === null ? [] : [type])) ??
    by('status', status === 402 ? 'billing_required' : undefined) ??
    // A rejected window of a subscription is a quota; an API key's 429 without one is a rate limit.
    by(
      'rateLimitStatus',
      isRateLimit(fields) && fields.rateLimitStatus === 'rejected' ? 'quota_exhausted' : undefined,
    ) ??
    by('type', byType.get(type ?? '')) ??
    by('status', codeOfStatus(status)) ??
    (words && byWords(words)) ??
    by('category', categories.get(category ?? '')) ??
    by('terminalReason', fields.terminalReason === 'image_error' ? 'bad_request' : undefined) ??
    // An API error of which nothing more is known: the request never came to an HTTP status.
    by('terminalReason', fields.terminalReason === 'api_error' ? 'upstream_error' : undefined) ??
    (words && { code: 'upstream_error', field: 'words', value: words.said })
  )
}

/** Null where the words say no more than that there was an error: the members after them may say more. */
function byWords(words: ApiErrorText): ApiErrorVerdict | null {
  const { status, type, code } = words
  const found = code ?? byType.get(type ?? '') ?? codeOfStatus(status)
  return found === undefined ? null : { code: found, field: 'words', value: type ?? status ?? words.said }
}

function isRateLimit({ status, category, type }: ApiErrorFields): boolean {
  return status === 429 || category === 'rate_limit' || type === 'rate_limit_error'
}
