import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AgentErrorCode } from './agent-error-code.ts'
import { classifyProviderError, codeOfSentence } from './classify-provider-error.ts'
import { isJsonObject } from './json.ts'
import { providerTables } from './provider-tables.ts'
import { readProviderError } from './read-provider-error.ts'

type Row = readonly [provider: string, name: string, code: AgentErrorCode]

const rowsOf = (list: 'exact' | 'broad' | 'vague'): Row[] =>
  providerTables.flatMap((table) =>
    Object.entries(table[list] ?? {}).map(([name, code]): Row => [table.provider, name, code]),
  )
const exact = rowsOf('exact')
const all = [...exact, ...rowsOf('broad'), ...rowsOf('vague')]
const isNumber = (name: string): boolean => /^\d+$/.test(name)

/** The shapes in which providers and gateways put a name. */
const shapes: readonly ((name: string) => unknown)[] = [
  (name) => ({ error: { code: name, message: 'x' } }),
  (name) => ({ error: { code: isNumber(name) ? Number(name) : name, message: 'x' } }),
  (name) => ({ type: 'error', error: { type: name, message: 'x' } }),
  (name) => ({ error: { status: name, code: 400, message: 'x' } }),
  (name) => [{ error: { code: 400, status: 'X', details: [{ '@type': 'ErrorInfo', reason: name }] } }],
  (name) => ({ error: { code: 400, message: 'x', metadata: { error_type: name } } }),
  (name) => ({ error: { code: 502, message: 'x', metadata: { raw: JSON.stringify({ error: { code: name } }) } } }),
  (name) => ({ code: name, error: 'x' }),
  (name) => ({ __type: `com.amazon.coral.service#${name}`, message: 'x' }),
  (name) => ({ error: { code: 'x', innererror: { code: name } } }),
  (name) => ({ error: { message: `Gateway: ${JSON.stringify({ error: { type: name } })}` } }),
]

const codeOf = (answer: unknown, status: number | null = null): AgentErrorCode | undefined =>
  classifyProviderError(readProviderError(answer), status)?.code

describe('the tables of providers', () => {
  it.each(providerTables)('$provider: name their source', ({ source }) => {
    expect(source).toMatch(/^https:\/\//)
  })

  it('give no name two meanings', () => {
    const meanings = new Map<string, Set<string>>()
    for (const [, name, code] of all) meanings.set(name, (meanings.get(name) ?? new Set()).add(code))
    expect([...meanings].filter(([, codes]) => codes.size > 1).map(([name]) => name)).toEqual([])
  })

  it('are read in every shape, as a body and as a text, whatever the HTTP status is', () => {
    const status = fc.constantFrom(null, 200, 400, 401, 403, 404, 429, 500, 503)
    fc.assert(
      fc.property(
        fc.constantFrom(...exact),
        fc.constantFrom(...shapes),
        status,
        fc.boolean(),
        (row, shape, http, asText) => {
          const [, name, code] = row
          const plain = !name.startsWith('base_resp:')
          const answer = plain ? shape(name) : { base_resp: { status_code: Number(name.slice(10)), status_msg: 'x' } }
          // An AWS type with a namespace is an exception's.
          const given =
            isJsonObject(answer) && '__type' in answer && !name.endsWith('Exception') ? { __type: name } : answer
          expect({ name, given, code: codeOf(asText ? JSON.stringify(given) : given, http) }).toEqual({
            name,
            given,
            code,
          })
        },
      ),
      { numRuns: 3000 },
    )
  })

  it.each(rowsOf('broad'))('%s: %s is %s, also with status 400', (_, name, code) => {
    expect(codeOf({ error: { type: name } }, 400)).toBe(code)
    expect(codeOf({ error: { type: name } })).toBe(code)
  })

  it.each(rowsOf('vague'))('%s: %s is %s where no status says more', (_, name, code) => {
    expect(codeOf({ error: { type: name } })).toBe(code)
    expect(codeOf({ error: { type: name } }, 401)).toBe('auth_failed')
  })

  it.each<[unknown, number | null, AgentErrorCode | undefined]>([
    [{ error: { message: 'Provider returned error', code: 429 } }, 200, 'rate_limited'],
    [{ error: { message: 'x', code: '429' } }, null, 'rate_limited'],
    [{ code: 402, message: 'This request requires more credits, or fewer max_tokens.' }, null, 'billing_required'],
    [{ error: { code: 'insufficient_user_quota', type: 'new_api_error' } }, 403, 'quota_exhausted'],
    [{ error: { code: 'x', type: 'new_api_error', message: 'no such key' } }, 401, 'auth_failed'],
    [
      {
        error: {
          code: 429,
          status: 'RESOURCE_EXHAUSTED',
          details: [{ violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }] }],
        },
      },
      429,
      'quota_exhausted',
    ],
    [
      {
        error: {
          code: 429,
          status: 'RESOURCE_EXHAUSTED',
          details: [{ violations: [{ quotaId: 'GenerateRequestsPerMinute' }] }],
        },
      },
      429,
      'rate_limited',
    ],
    [
      { error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the API.' } },
      400,
      'billing_required',
    ],
    [
      { error: { type: 'permission_error', message: "You've reached your usage limit for this billing cycle." } },
      403,
      'quota_exhausted',
    ],
    [
      {
        error: {
          message: 'litellm.RateLimitError: AnthropicException - {"type":"error","error":{"type":"overloaded_error"}}',
          code: '429',
        },
      },
      429,
      'overloaded',
    ],
    [{ message: 'The provided model identifier is invalid.' }, 400, 'model_unavailable'],
    ['upstream connect error', 503, 'upstream_error'],
    ['<html>nothing</html>', null, undefined],
    [null, 407, 'auth_failed'],
    [null, 451, 'model_unavailable'],
    [{ base_resp: { status_code: 0, status_msg: 'success' } }, null, undefined],
  ])('reads %j with status %s as %s', (answer, status, code) => {
    expect(codeOf(answer, status)).toBe(code)
  })

  it.each([
    ['Could not load the default credentials. Browse to …', 'auth_failed'],
    ['Could not load credentials from any providers', 'auth_failed'],
    ['AWS credential provider failed: no profile', 'auth_failed'],
    ['AI_APICallError: The security token included in the request is expired', 'auth_failed'],
  ])('reads the sentence %s as %s', (text, code) => {
    expect(codeOfSentence(text)).toBe(code)
  })

  it('takes no sentence in the middle of another for its own', () => {
    expect(codeOfSentence('The user wrote: Insufficient credits')).toBeUndefined()
  })

  it('bears any answer', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.boolean(), (value, asText) => {
        expect(() => codeOf(asText ? JSON.stringify(value) : value)).not.toThrow()
      }),
      { numRuns: 1000 },
    )
    expect(codeOf('{"error":'.repeat(5000))).toBeUndefined()
  })
})
