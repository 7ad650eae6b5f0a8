import { describe, expect, it } from 'vitest'
import type { AgentErrorCode } from './agent-error-code.ts'
import { codeOfStatus } from './code-of-status.ts'

describe('an HTTP status of a model API', () => {
  it.each<[number | null, AgentErrorCode | undefined]>([
    [null, undefined],
    [200, undefined],
    [399, undefined],
    [400, 'bad_request'],
    [401, 'auth_failed'],
    [402, 'billing_required'],
    [403, 'auth_failed'],
    [404, 'model_unavailable'],
    [408, 'upstream_error'],
    [409, 'bad_request'],
    [413, 'context_overflow'],
    [422, 'bad_request'],
    [429, 'rate_limited'],
    [500, 'upstream_error'],
    [502, 'upstream_error'],
    [503, 'upstream_error'],
    [504, 'upstream_error'],
    [529, 'overloaded'],
  ])('%s is %s', (status, code) => expect(codeOfStatus(status)).toBe(code))
})
