import { describe, expect, it } from 'vitest'
import type { AgentErrorCode } from './agent-error-code.ts'
import { codeOfProviderError } from './code-of-provider-error.ts'

describe('the error code of a model provider', () => {
  it.each<[string | null, AgentErrorCode | undefined]>([
    ['invalid_api_key', 'auth_failed'],
    ['insufficient_quota', 'quota_exhausted'],
    ['server_is_overloaded', 'overloaded'],
    ['context_length_exceeded', 'context_overflow'],
    ['invalid_request_error', undefined],
    ['__proto__', undefined],
    [null, undefined],
  ])('%s is %s', (name, code) => expect(codeOfProviderError(name)).toBe(code))
})
