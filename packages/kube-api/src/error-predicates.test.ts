import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  isTooManyRequests,
  isUnauthorized,
} from './error-predicates.ts'
import { statusError } from './status-error.ts'

const predicates = {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  isTooManyRequests,
  isUnauthorized,
}

const cases: [keyof typeof predicates, number, string, string][] = [
  ['isNotFound', 404, 'NotFound', 'jobs.batch "absent" not found'],
  ['isAlreadyExists', 409, 'AlreadyExists', 'jobs.batch "completed" already exists'],
  ['isConflict', 409, 'Conflict', 'the UID in the precondition (x) does not match'],
  ['isGone', 410, 'Expired', 'too old resource version: 1 (8651)'],
  ['isForbidden', 403, 'Forbidden', 'jobs.batch is forbidden'],
  ['isUnauthorized', 401, 'Unauthorized', 'Unauthorized'],
  ['isInvalid', 422, 'Invalid', 'Job.batch "Bad_Name" is invalid'],
  ['isTooManyRequests', 429, 'TooManyRequests', 'please try again later'],
]

const shapes: [string, (code: number, reason: string, message: string) => unknown][] = [
  [
    'our own error',
    (status, reason, message) =>
      statusError({ method: 'GET', path: '/' }, { status, headers: {}, body: { reason, message } }),
  ],
  [
    'client-node 2.x (body parsed)',
    (code, reason, message) =>
      Object.assign(new Error('HTTP-Code'), { code, body: { code, reason, message }, headers: {} }),
  ],
  [
    'client-node 1.x (body as text)',
    (code, reason, message) =>
      Object.assign(new Error('HTTP-Code'), { code, body: JSON.stringify({ kind: 'Status', code, reason, message }) }),
  ],
  [
    'client-node 0.x (HttpError)',
    (statusCode, reason, message) =>
      Object.assign(new Error('HTTP request failed'), {
        statusCode,
        response: { statusCode, body: { reason, message } },
        body: { reason, message },
      }),
  ],
  [
    'only a response with a text',
    (statusCode, reason, message) => ({ response: { statusCode, body: JSON.stringify({ reason, message }) } }),
  ],
  ['only a body as text', (code, reason, message) => ({ body: JSON.stringify({ code, reason, message }) })],
  ['a Status object of a watch', (code, reason, message) => ({ kind: 'Status', code, reason, message })],
  [
    'an axios-like error',
    (status, reason, message) => ({ code: 'ERR_BAD_REQUEST', response: { status, data: { reason, message } } }),
  ],
]

describe.each(shapes)('in the shape of %s', (_, make) => {
  it.each(cases)('only %s is true', (name, code, reason, message) => {
    const error = make(code, reason, message)
    const truths = Object.entries(predicates)
      .filter(([, test]) => test(error))
      .map(([key]) => key)
    expect(truths).toEqual([name])
  })
})

describe('the predicates', () => {
  it('recognise a 409 without a reason by its message', () => {
    expect(isAlreadyExists({ code: 409, body: 'secrets "x" already exists' })).toBe(true)
    expect(isConflict({ code: 409, body: 'no idea' })).toBe(true)
  })

  it('are false for a network error and an error code that is not a status', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104 })
    expect(Object.values(predicates).some((test) => test(reset))).toBe(false)
    expect(isNotFound({ code: 4_040 })).toBe(false)
  })

  it('accept anything without throwing', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        for (const test of Object.values(predicates)) expect(typeof test(value)).toBe('boolean')
      }),
    )
  })
})
