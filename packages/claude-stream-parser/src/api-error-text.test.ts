import { describe, expect, it } from 'vitest'
import { readApiErrorText } from './api-error-text.ts'

const quoted = (status: number, type: string): string =>
  `API Error: ${status} ${JSON.stringify({ type: 'error', error: { type, message: 'x' }, request_id: 'req_1' })}`

describe('the words of the CLI', () => {
  it.each([
    [quoted(529, 'overloaded_error'), 529, 'overloaded_error'],
    [quoted(404, 'not_found_error'), 404, 'not_found_error'],
    ['API Error: 503 upstream connect error', 503, null],
    ['API Error: 429 {"error":', 429, null],
    ['API Error: terminated', null, null],
    [`Failed to authenticate. ${quoted(401, 'authentication_error')}`, 401, 'authentication_error'],
  ])('%s has status %s and type %s', (said, status, type) => {
    expect(readApiErrorText(said)).toMatchObject({ status, type })
  })

  it.each([
    ['Invalid API key · Fix external API key', 'auth_failed'],
    ['Credit balance is too low', 'billing_required'],
    ['Your credit balance is too low to access the Anthropic API.', 'billing_required'],
    ['Your organization has disabled Claude subscription access for Claude Code', 'auth_failed'],
    ['Prompt is too long', 'context_overflow'],
    ['Claude AI usage limit reached|1763740800', 'quota_exhausted'],
    ["API Error: Claude's response exceeded the 32000 output token maximum. To configure …", 'output_limit'],
    ['API Error: Claude Code is unable to respond to this request, which appears to …', 'model_refusal'],
    ["There's an issue with the selected model (x). It may not exist …", 'model_unavailable'],
  ])('%s is %s', (said, code) => expect(readApiErrorText(said)?.code).toBe(code))

  it.each([
    'I met an API Error: 500 yesterday',
    'The prompt is too long',
    'Not enough messages to compact.',
    'API Error',
    '',
  ])('%s is not an error', (said) => expect(readApiErrorText(said)).toBeNull())

  it('keeps no more of them than evidence needs', () => {
    expect(readApiErrorText(`API Error: ${'x'.repeat(5000)}`)?.said).toHaveLength(200)
  })
})
