import { describe, expect, it } from 'vitest'
import { readFixture, recordedErrors } from '../test/fixture.ts'
import { classifyRefusal, type RefusalCause } from './refusal.ts'
import { statusError } from './status-error.ts'

interface Recorded {
  readonly status: number
  readonly body: { readonly message: string; readonly reason?: string }
}

// Responses of a real API server 1.36, each with the admission plugin in question enabled.
const recorded = JSON.parse(readFixture('refusals.json')) as Record<string, Recorded>
const expected: Record<string, [cause: RefusalCause, by: string | undefined, passing: boolean]> = {
  'quota-job-count': ['quota_exceeded', 'q', true],
  'quota-secrets': ['quota_exceeded', 'q', true],
  'quota-pods': ['quota_exceeded', 'q', true],
  'quota-must-specify': ['quota_unspecified', 'q', false],
  'pod-security': ['pod_security', 'restricted:latest', false],
  'limit-range': ['limit_range', undefined, false],
  'missing-service-account': ['missing_reference', 'kube-classify/nope', false],
  'missing-priority-class': ['missing_reference', 'nope', false],
  'missing-runtime-class': ['missing_reference', 'nope', false],
  'missing-namespace': ['namespace_missing', 'nope', false],
  'policy-invalid': ['admission_policy', 'kube-classify', false],
  'policy-forbidden': ['admission_policy', 'kube-classify', false],
  'webhook-refused-connection': ['webhook_unreachable', 'gone.example.com', true],
  'webhook-timeout': ['webhook_slow', 'slow.example.com', true],
  'webhook-without-service': ['webhook_unreachable', 'svc.example.com', true],
  'webhook-denied': ['admission_webhook', 'deny.example.com', false],
  'webhook-denied-with-code': ['admission_webhook', 'deny.example.com', false],
  anonymous: ['anonymous', 'system:anonymous', false],
  'namespace-terminating': ['namespace_terminating', 'kube-classify', false],
}

// What a remedy names if it does not name the refusing component.
const named: Partial<Record<RefusalCause, string>> = {
  anonymous: 'No credentials reached the server',
  limit_range: "the namespace's LimitRange",
  webhook_slow: 'slow.example.com is too slow',
}

const errorOf = ({ status, body }: Recorded) =>
  statusError({ method: 'POST', path: '/x' }, { status, headers: {}, body, maybeApplied: status >= 500 })

describe('a refusal of the API server', () => {
  it('has an expectation for each recording', () => {
    expect(Object.keys(recorded).sort()).toEqual(Object.keys(expected).sort())
  })

  it.each(Object.entries(expected))('is recognised by its text: %s', (name, [cause, by, passing]) => {
    const found = recorded[name]
    const error = errorOf(found as Recorded)
    expect(error.refusal).toMatchObject({ cause, by, passing })
    expect(error.retryable).toBe(passing)
    expect(error.maybeApplied).toBe(false)
    expect(error.message).toContain(error.refusal?.remedy)
    expect(error.refusal?.remedy).toContain(named[cause] ?? by)
  })

  it.each(Object.entries(expected))('is the same in the event of a controller: %s', (name, [cause, by]) => {
    const message = `Error creating: ${recorded[name]?.body.message}`
    expect(classifyRefusal({ message })).toMatchObject({ cause, by })
  })

  it('is RBAC for an account without a Role', () => {
    const found = recordedErrors().filter(([name]) => /^403-(?:create|log|other|watch)/.test(name))
    expect(found.length).toBeGreaterThan(3)
    for (const [, error] of found) {
      expect(errorOf(error).refusal).toMatchObject({
        cause: 'rbac',
        by: expect.stringMatching(/^system:serviceaccount:/) as string,
      })
    }
  })

  it.each([
    [
      'a webhook quotes a quota',
      'admission webhook "w" denied the request: exceeded quota: q, requested',
      'admission_webhook',
    ],
    [
      'a policy quotes RBAC',
      `pods "p" is forbidden: ValidatingAdmissionPolicy 'v' denied request: User "x" cannot y`,
      'admission_policy',
    ],
    [
      'a quota has the name of a user',
      'pods "p" is forbidden: exceeded quota: User "x" cannot, requested: pods=1',
      'quota_exceeded',
    ],
  ])('is not affected by quoted text: %s', (_what, message, cause) => {
    expect(classifyRefusal({ message, status: 403 })?.cause).toBe(cause)
  })

  it('is a terminating namespace by its machine-readable cause, whatever the wording', () => {
    const causes = [{ reason: 'FieldValueForbidden' }, { reason: 'NamespaceTerminating' }]
    const message = 'jobs.batch "j" is forbidden: worded in another way'
    expect(classifyRefusal({ message, status: 403, causes })?.cause).toBe('namespace_terminating')
    expect(classifyRefusal({ message, status: 403, causes: causes.slice(0, 1) })?.cause).toBe('admission')
  })

  it('names no component if the server does not', () => {
    const message = 'pods is forbidden: User "" cannot list resource "pods"'
    expect(classifyRefusal({ message, status: 403 })?.remedy).toMatch(/^Grant this verb to the user with a Role/)
    expect(classifyRefusal({ message: 'pods "p" is forbidden: no', status: 403 })).toMatchObject({
      by: undefined,
      remedy: 'An admission plugin of the cluster objects: change what its reason names.',
    })
  })

  it.each([
    ['another 409', 'namespaces "nope" not found', 409],
    ['an invalid object', 'Job.batch "J" is invalid: metadata.name: Invalid value: "J"', 422],
    ['a missing object', 'jobs.batch "j" not found', 404],
    ['an overloaded server', 'the server is currently unable to handle the request', 503],
    ['a page of a proxy', '<html>Forbidden</html>', 403],
  ])('is not %s', (_what, message, status) => {
    expect(classifyRefusal({ message, status })).toBeUndefined()
  })

  it('is an unnamed admission plugin when the wording is unknown', () => {
    const message = 'pods "p" is forbidden: node selector conflicts with the namespace'
    expect(classifyRefusal({ message, status: 403 })).toMatchObject({ cause: 'admission' })
  })
})
