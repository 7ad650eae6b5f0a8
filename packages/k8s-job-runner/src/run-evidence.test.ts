import { describe, expect, it } from 'vitest'
import { watchLines } from '../test/support/read-recording.ts'
import { judgeOutcome } from './judge-outcome.ts'
import type { Job, Pod } from './kubernetes.ts'
import type { Outcome } from './outcome.ts'
import { gatherEvidence } from './run-evidence.ts'
import type { BoardChange } from './watch-board.ts'

/** The two recorded watches of a case, in the order in which the API server wrote them. */
function changesOf(name: string): BoardChange[] {
  const jobs = watchLines<Job>(name, 'jobs').map(({ type, object }): BoardChange => ({
    of: 'job',
    gone: type === 'DELETED',
    object,
  }))
  const pods = watchLines<Pod>(name, 'pods').map(({ type, object }): BoardChange => ({
    of: 'pod',
    gone: type === 'DELETED',
    object,
  }))
  const version = ({ object }: BoardChange): number => Number(object.metadata?.resourceVersion ?? 0)
  return [...jobs, ...pods].toSorted((a, b) => version(a) - version(b))
}

/** The judgements after each change, from the first that is not "undecided". */
function outcomesAlong(changes: readonly BoardChange[]): Outcome[] {
  const job = changes.find((change) => change.of === 'job')?.object
  const { evidence, see } = gatherEvidence('agent', job as Job, () => 7)
  return changes.flatMap((change) => {
    see(change)
    const judged = judgeOutcome(evidence)
    return judged.verdict === 'undecided' ? [] : [judged.outcome]
  })
}

describe('evidence gathered from a recorded watch', () => {
  it.each([
    ['completed', 'succeeded'],
    ['ttl', 'succeeded'],
    ['ttl-zero', 'succeeded'],
    ['pod-deleted', 'deletedExternally'],
    ['evicted-api', 'evicted'],
    ['deadline-job', 'deadlineExceeded'],
    ['job-suspended-while-running', 'preempted'],
  ])('of %s leads to %s, and no later change leads anywhere else', (name, kind) => {
    const outcomes = outcomesAlong(changesOf(name))
    expect(outcomes.length).toBeGreaterThan(0)
    expect([...new Set(outcomes.map((outcome) => outcome.kind))]).toEqual([kind])
  })

  it.each(['completed', 'ttl', 'evicted-api'])('of %s is the same when every change is reported twice', (name) => {
    const twice = changesOf(name).flatMap((change) => [change, change])
    expect(outcomesAlong(twice).at(-1)).toEqual(outcomesAlong(changesOf(name)).at(-1))
  })

  it('keeps the first pod when another one appears', () => {
    const { evidence, see } = gatherEvidence('main', {}, () => 7)
    see({ of: 'pod', gone: false, object: { metadata: { uid: 'first' } } })
    see({ of: 'pod', gone: true, object: { metadata: { uid: 'second' } } })
    expect(evidence.pod?.metadata?.uid).toBe('first')
    expect(evidence.podGone).toBeUndefined()
  })

  it('reports when and by which read an absence was seen', () => {
    const first = gatherEvidence('main', {}, () => 7)
    first.missed()
    expect(first.evidence.jobGone).toEqual({ at: 7, by: 'read' })
    const second = gatherEvidence('main', {}, () => 8)
    second.see({ of: 'pod', gone: false, object: { metadata: { uid: 'p' } } })
    second.missed()
    expect(second.evidence).toMatchObject({ podGone: { at: 8, by: 'read' } })
  })

  it('learns from the Job who cancelled it', () => {
    const { evidence, see } = gatherEvidence('main', {}, () => 7)
    see({ of: 'job', gone: false, object: { metadata: { annotations: { 'agent-jobs.dev/cancelled-by': 'ada' } } } })
    expect(evidence.cancel).toEqual({ by: 'ada' })
  })
})
