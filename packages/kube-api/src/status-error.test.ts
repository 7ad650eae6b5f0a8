import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordedErrors } from '../test/fixture.ts'
import { KubeError } from './kube-error.ts'
import { parseStatus, readRetryAfter, statusError } from './status-error.ts'

const codes: Record<string, string> = {
  '400': 'bad_request',
  '401': 'unauthorized',
  '403': 'forbidden',
  '404': 'not_found',
  '409': 'already_exists',
  '422': 'invalid',
}

describe('the error of an answer', () => {
  it.each(recordedErrors())('reads the recorded %s', (_, { request, status, headers, body }) => {
    const [method = '', path = ''] = request.split(' ')
    const error = statusError({ method, path }, { status, headers, body: parseStatus(JSON.stringify(body)) })
    expect(error).toMatchObject({ code: codes[status], status, reason: body.reason, retryable: false, body })
    expect(error.message).toContain(`${request} answered ${status} ${body.reason}: ${body.message.slice(0, 40)}`)
  })

  it.each([
    [408, 'timeout', true],
    [410, 'gone', false],
    [418, 'unexpected_status', false],
    [429, 'too_many_requests', true],
    [500, 'server_error', true],
    [502, 'server_error', true],
    [503, 'unavailable', true],
    [504, 'timeout', true],
  ])('maps %i to the code %s', (status, code, retryable) => {
    expect(statusError({ method: 'GET', path: '/x' }, { status, headers: {}, body: {} })).toMatchObject({
      code,
      retryable,
    })
  })

  it('tells a changed object from a taken name', () => {
    const conflict = statusError(
      { method: 'PUT', path: '/x' },
      { status: 409, headers: {}, body: { reason: 'Conflict' } },
    )
    expect(conflict.code).toBe('conflict')
    expect(conflict.message).toContain('Read the object again')
  })

  it('is recognised when another copy of the package threw it', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('agent-jobs.error.KubeError')]: true })
    expect(KubeError.isInstance(foreign)).toBe(true)
    expect(KubeError.isInstance(new Error('x'))).toBe(false)
    expect(KubeError.isInstance(null)).toBe(false)
  })
})

describe('a body', () => {
  it('that is a page of a proxy becomes a short message', () => {
    expect(parseStatus(`<html>\n<h1>502   Bad Gateway</h1>${'x'.repeat(900)}`).message).toMatch(
      /^<html> <h1>502 Bad Gateway.*…$/,
    )
  })

  it('may be anything', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseStatus(text)).toBeTypeOf('object')
      }),
    )
  })
})

describe('Retry-After', () => {
  it('is read as seconds', () => expect(readRetryAfter({ 'retry-after': '3' })).toBe(3_000))
  it('is read as a date, by the clock of the server, which may be a day off', () => {
    const headers = { date: 'Fri, 20 Nov 2026 09:00:00 GMT', 'retry-after': 'Fri, 20 Nov 2026 09:00:07 GMT' }
    expect(readRetryAfter(headers)).toBe(7_000)
  })
  it('is taken from the Status object when no header says it', () => {
    expect(readRetryAfter({}, { details: { retryAfterSeconds: 1 } })).toBe(1_000)
  })
  it('is ignored when it is invalid', () => {
    expect(readRetryAfter({ 'retry-after': 'soon' })).toBeUndefined()
    expect(readRetryAfter({})).toBeUndefined()
  })
})
