import { describe, expect, it } from 'vitest'
import type { Job, Pod } from '../types.ts'
import { indexState, matchSuccessPolicy, pendingIndexes, writeIndexes } from './indexed-pods.ts'

const meta = { uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' }
const key = (name: string) => `batch.kubernetes.io/${name}`

const job = (spec: object, status: Job['status'] = {}): Job => ({
  kind: 'Job',
  apiVersion: 'batch/v1',
  metadata: { ...meta, name: 'job' },
  spec: { completionMode: 'Indexed', template: { spec: { containers: [] } }, ...spec },
  status,
})

function pod(index: number | string, phase: string, annotations: Record<string, string> = {}, finishedAt = ''): Pod {
  const state = { terminated: { exitCode: 1, reason: 'Error', startedAt: null, finishedAt } }
  const base = { name: 'a', lastState: {}, ready: false, restartCount: 0, image: '', imageID: '' }
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      ...meta,
      name: `job-${index}`,
      uid: `pod-${index}`,
      annotations: { [key('job-completion-index')]: String(index), ...annotations },
    },
    spec: { containers: [] },
    status: { phase, ...(finishedAt === '' ? {} : { containerStatuses: [{ ...base, state }] }) },
  }
}

const none = { fresh: [], active: [], failedPods: [] }
const state = (of: Job, given: Partial<Parameters<typeof indexState>[1]> = {}) => {
  const found = indexState(of, { ...none, ...given })
  if (found === undefined) throw new Error('the Job is not indexed')
  return found
}

describe('the indexes of a Job', () => {
  it('are none for a Job that is not indexed', () =>
    expect(indexState(job({ completionMode: 'NonIndexed' }), none)).toBeUndefined())

  it('are added up from the status and the pods, and written', () => {
    const of = job({ completions: 5 }, { completedIndexes: '0,1' })
    const found = state(of, { fresh: [pod(2, 'Succeeded'), pod(9, 'Succeeded'), pod('x', 'Succeeded')] })
    const status: Job['status'] = {}
    writeIndexes(status, found)
    expect(status).toEqual({ completedIndexes: '0-2', succeeded: 3 })
  })

  it('have failed when the limit of one index is reached, or a rule says so', () => {
    const rules = [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }]
    const failed = pod(1, 'Failed', {}, '2026-01-01T00:00:00Z')
    const once = job({ completions: 3, backoffLimitPerIndex: 1 })
    expect([...(state(once, { failedPods: [failed] }).failed ?? [])]).toEqual([])
    const again = pod(1, 'Failed', { [key('job-index-failure-count')]: '1' })
    expect([...(state(once, { failedPods: [again] }).failed ?? [])]).toEqual([1])
    const ruled = job({ completions: 3, backoffLimitPerIndex: 9, podFailurePolicy: { rules } })
    expect([...(state(ruled, { failedPods: [failed] }).failed ?? [])]).toEqual([1])
  })

  it('keep the last failed pod of each until another one continues its count', () => {
    const of = job({ completions: 3, backoffLimitPerIndex: 5 })
    const first = pod(1, 'Failed', { [key('job-index-failure-count')]: '0' })
    const second = pod(1, 'Failed', { [key('job-index-failure-count')]: '1' })
    expect(state(of, { failedPods: [second, first] }).kept.get(1)).toBe(second)
    expect(state(of, { failedPods: [second], active: [pod(1, 'Running')] }).kept.size).toBe(0)
  })
})

describe('the next pods of a Job', () => {
  const waitFor = () => 0

  it('take the first indexes without a pod or result', () => {
    const of = job({ completions: 6 }, { completedIndexes: '1' })
    expect(pendingIndexes(of, state(of), { count: 3, taken: [pod(2, 'Running')], waitFor }).orders).toEqual([
      { index: 0 },
      { index: 3 },
      { index: 4 },
    ])
  })

  it('continue the failure count of an index, with its backoff', () => {
    const of = job({ completions: 2, backoffLimitPerIndex: 5 })
    const failedPods = [pod(0, 'Failed', { [key('job-index-failure-count')]: '2' }, '2026-01-01T00:00:00Z')]
    const own = state(of, { failedPods })
    const next = pendingIndexes(of, own, { count: 2, taken: [], waitFor })
    expect(next.orders).toEqual([
      { index: 0, annotations: { [key('job-index-failure-count')]: '3' } },
      { index: 1, annotations: { [key('job-index-failure-count')]: '0' } },
    ])
    const late = pendingIndexes(of, own, { count: 2, taken: [], waitFor: (failures) => failures * 100 })
    expect(late).toMatchObject({ waitMs: 300, orders: [{ index: 1 }] })
  })

  it('count pods that a rule ignores separately', () => {
    const rules = [{ action: 'Ignore', onExitCodes: { operator: 'In', values: [1] } }]
    const of = job({ completions: 1, backoffLimitPerIndex: 0, podFailurePolicy: { rules } })
    const own = state(of, { failedPods: [pod(0, 'Failed', {}, '2026-01-01T00:00:00Z')] })
    expect(pendingIndexes(of, own, { count: 1, taken: [], waitFor }).orders).toEqual([
      {
        index: 0,
        annotations: { [key('job-index-failure-count')]: '0', [key('job-index-ignored-failure-count')]: '1' },
      },
    ])
  })
})

describe('a successPolicy', () => {
  const met = (rules: object[], completedIndexes: string) => {
    const of = job({ completions: 5, successPolicy: { rules } }, { completedIndexes })
    return matchSuccessPolicy(of, state(of))
  }
  it.each([
    [[{ succeededCount: 2 }], '0,4', 'Matched rules at index 0'],
    [[{ succeededCount: 3 }], '0,4', undefined],
    [[{ succeededIndexes: '0-1' }], '0,1', 'Matched rules at index 0'],
    [[{ succeededIndexes: '0-1' }], '1,2', undefined],
    [[{ succeededIndexes: '0-3', succeededCount: 2 }], '1,2', 'Matched rules at index 0'],
    [[{ succeededIndexes: '4' }, { succeededCount: 1 }], '0', 'Matched rules at index 1'],
    [[{ succeededCount: 0 }], '', undefined],
  ])('of %j after %j', (rules, done, message) => expect(met(rules, done)).toBe(message))
})
