import { describe, expect, it } from 'vitest'
import type { AgentErrorCode } from '@agent-jobs/stream-parser-core'
import { type ApiErrorFields, classifyApiError } from './classify-api-error.ts'

const nothing: ApiErrorFields = {
  kind: null,
  cut: null,
  category: null,
  status: null,
  type: null,
  terminalReason: null,
  stopReason: null,
  rateLimitStatus: null,
  refused: false,
  words: null,
}

function code(fields: Partial<ApiErrorFields>): AgentErrorCode | null {
  return classifyApiError({ ...nothing, ...fields })?.code ?? null
}

describe('an API error', () => {
  it.each<[number, AgentErrorCode]>([
    [400, 'bad_request'],
    [401, 'auth_failed'],
    [429, 'rate_limited'],
    [529, 'overloaded'],
  ])('of HTTP status %i alone is %s', (status, expected) => expect(code({ status })).toBe(expected))

  it.each<[string, AgentErrorCode]>([
    ['authentication_failed', 'auth_failed'],
    ['oauth_org_not_allowed', 'auth_failed'],
    ['cloud_credential_error', 'auth_failed'],
    ['billing_error', 'billing_required'],
    ['rate_limit', 'rate_limited'],
    ['overloaded', 'overloaded'],
    ['invalid_request', 'bad_request'],
    ['model_not_found', 'model_unavailable'],
    ['server_error', 'upstream_error'],
    ['max_output_tokens', 'output_limit'],
  ])('of category %s alone is %s', (category, expected) => expect(code({ category })).toBe(expected))

  it.each<[string, AgentErrorCode]>([
    ['authentication_error', 'auth_failed'],
    ['permission_error', 'auth_failed'],
    ['billing_error', 'billing_required'],
    ['overloaded_error', 'overloaded'],
    ['rate_limit_error', 'rate_limited'],
    ['not_found_error', 'model_unavailable'],
    ['request_too_large', 'context_overflow'],
  ])('of type %s alone is %s', (type, expected) => expect(code({ type })).toBe(expected))

  it.each<[string, AgentErrorCode]>([
    ['prompt_too_long', 'context_overflow'],
    ['blocking_limit', 'context_overflow'],
    ['rapid_refill_breaker', 'context_overflow'],
    ['aborted_streaming', 'interrupted'],
    ['budget_exhausted', 'max_budget'],
    ['image_error', 'bad_request'],
    ['api_error', 'upstream_error'],
  ])('of terminal reason %s alone is %s', (terminalReason, expected) => expect(code({ terminalReason })).toBe(expected))

  it('that no member tells of has no code', () => {
    expect(code({})).toBeNull()
    expect(code({ kind: 'novelty', category: 'unknown', type: 'novelty', terminalReason: 'completed' })).toBeNull()
  })

  it('of a known status keeps it when the typed kind is new', () => {
    expect(code({ kind: 'novelty', status: 401 })).toBe('auth_failed')
  })

  it('is about money although the status is 400', () => {
    expect(code({ status: 400, type: 'invalid_request_error', category: 'billing_error' })).toBe('billing_required')
  })

  it('is a full context although the category says output', () => {
    expect(code({ kind: 'max_output_tokens', category: 'max_output_tokens', cut: 'context_window' })).toBe(
      'context_overflow',
    )
    expect(code({ kind: 'max_output_tokens', category: 'max_output_tokens', cut: 'output_limit' })).toBe('output_limit')
  })

  it('is a quota when the window of a subscription is rejected, a rate limit otherwise', () => {
    expect(code({ status: 429, rateLimitStatus: 'rejected' })).toBe('quota_exhausted')
    expect(code({ status: 429, rateLimitStatus: 'allowed_warning' })).toBe('rate_limited')
    expect(code({ status: 500, rateLimitStatus: 'rejected' })).toBe('upstream_error')
    expect(code({ status: 429, kind: 'usage_limit_reached' })).toBe('quota_exhausted')
  })

  it('is a full context when the request is too large, although the CLI suspects an image', () => {
    expect(code({ status: 413, terminalReason: 'image_error', category: 'invalid_request' })).toBe('context_overflow')
  })

  it('is an overload although the category says server error', () => {
    expect(code({ status: 529, type: 'overloaded_error', category: 'server_error' })).toBe('overloaded')
    expect(code({ status: null, type: 'overloaded_error', category: 'server_error' })).toBe('overloaded')
  })

  it('is a refusal although the category says invalid request', () => {
    expect(code({ stopReason: 'refusal', category: 'invalid_request', terminalReason: 'api_error' })).toBe(
      'model_refusal',
    )
    expect(code({ refused: true, category: 'invalid_request' })).toBe('model_refusal')
  })

  it('names the member that decided', () => {
    expect(classifyApiError({ ...nothing, status: 529 })).toEqual({ code: 'overloaded', field: 'status', value: 529 })
  })

  it.each(['__proto__', 'constructor', 'toString'])('is not taken in by %s', (word) => {
    expect(code({ kind: word, category: word, type: word, terminalReason: word })).toBeNull()
  })
})
