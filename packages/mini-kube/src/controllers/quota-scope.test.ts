import { expect, it } from 'vitest'
import type { KubeObject, Pod } from '../types.ts'
import { inScope } from './quota-scope.ts'

const metadata = { name: 'x', uid: 'x', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' }
const quota = (spec: object): KubeObject => ({ kind: 'ResourceQuota', apiVersion: 'v1', metadata, spec: { ...spec } })
const pod = (spec: object = {}, qosClass = 'BestEffort'): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata,
  spec: { containers: [], ...spec },
  status: { qosClass },
})
const classes = (operator: string, ...values: string[]) => ({
  scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, values }] },
})

it.each([
  ['anything without scopes', {}, pod(), true],
  ['pods that ask for nothing', { scopes: ['BestEffort'] }, pod(), true],
  ['not pods that ask for something', { scopes: ['BestEffort'] }, pod({}, 'Burstable'), false],
  ['pods that ask for something', { scopes: ['NotBestEffort'] }, pod({}, 'Burstable'), true],
  ['pods with a deadline', { scopes: ['Terminating'] }, pod({ activeDeadlineSeconds: 5 }), true],
  ['not pods without one', { scopes: ['Terminating'] }, pod(), false],
  ['pods that fit every scope', { scopes: ['BestEffort', 'NotTerminating'] }, pod(), true],
  ['pods of a class', classes('In', 'low'), pod({ priorityClassName: 'low' }), true],
  ['not pods of another class', classes('In', 'low'), pod({ priorityClassName: 'high' }), false],
  ['pods of no class', classes('DoesNotExist'), pod(), true],
])('is about %s', (_, spec, object, expected) => expect(inScope(quota(spec), 'pods', object)).toBe(expected))

it('only applies to pods when it has a scope', () =>
  expect(inScope(quota({ scopes: ['BestEffort'] }), 'secrets', pod())).toBe(false))
