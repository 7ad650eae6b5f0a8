import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CandidateJob, WantedRun } from './candidate-job.ts'
import { classifyOrphans, type OrphanVerdict } from './classify-orphans.ts'

const want: WantedRun = { runId: 'me', taskId: 't1', sessionId: 's1', reattach: true, patient: false }
let count = 0
function job(createdAt: number, over: Partial<CandidateJob> = {}): CandidateJob {
  count += 1
  return { name: `job-${createdAt}`, uid: `u${count}`, state: 'active', createdAt, runId: 'r', taskId: 't1', ...over }
}
const stranger = (createdAt: number) => job(createdAt, { taskId: 'other' })

function brief(verdict: OrphanVerdict): string {
  switch (verdict.verdict) {
    case 'adopt':
      return `adopt ${verdict.job.name}: ${verdict.relation}`
    case 'wait':
    case 'block':
      return `${verdict.verdict} ${verdict.jobs.map(({ name }) => name).join(' ')}: ${verdict.relation}`
    case 'create':
      return 'create'
    default:
      return verdict satisfies never
  }
}

describe('all jobs of an agent', () => {
  const cases: [string, CandidateJob[], Partial<WantedRun>, string][] = [
    ['none', [], {}, 'create'],
    ['only finished ones', [job(1, { state: 'failed' }), job(2, { state: 'succeeded' })], {}, 'create'],
    ['only isolated ones elsewhere', [job(1, { isolationKey: 'x' })], { isolationKey: 'y' }, 'create'],
    ['one at our task', [job(1)], {}, 'adopt job-1: same_task'],
    ['two at our task: the newest', [job(1), job(2)], {}, 'adopt job-2: same_task'],
    ['a stale stranger and a newer match', [stranger(1), job(2)], {}, 'adopt job-2: same_task'],
    ['a newer stranger and an older match', [job(1), stranger(2)], {}, 'adopt job-1: same_task'],
    ['a leaving match and a living one', [job(1), job(2, { state: 'deleting' })], {}, 'adopt job-1: same_task'],
    ['our own before a newer match', [job(1, { runId: 'me' }), job(2)], {}, 'adopt job-1: same_run'],
    ['our own though adopting is off', [job(1, { runId: 'me' })], { reattach: false }, 'adopt job-1: same_run'],
    [
      'the remembered one before a match',
      [job(1, { uid: 'k', taskId: 'x' }), job(2)],
      { knownUid: 'k' },
      'adopt job-1: known_job',
    ],
    ['a match though adopting is off', [job(1)], { reattach: false }, 'block job-1: reattach_off'],
    ['a stranger', [stranger(1)], {}, 'block job-1: task_mismatch'],
    ['another session of our task', [job(1, { sessionId: 's9' })], {}, 'block job-1: session_mismatch'],
    ['a job without a task', [job(1, { taskId: null })], {}, 'block job-1: task_unknown'],
    [
      'several strangers: the newest gives the reason',
      [stranger(1), job(3, { sessionId: 's9' }), job(2, { taskId: '' })],
      {},
      'block job-3 job-2 job-1: session_mismatch',
    ],
    ['a stranger beside a leaving job', [stranger(1), job(2, { state: 'deleting' })], {}, 'block job-1: task_mismatch'],
    [
      'only leaving ones',
      [job(1, { state: 'deleting' }), job(2, { state: 'deleting' })],
      {},
      'wait job-2 job-1: leaving',
    ],
    ['our own that is leaving', [job(1, { state: 'deleting', runId: 'me' })], {}, 'wait job-1: leaving'],
    ['a stranger, with patience', [stranger(1)], { patient: true }, 'wait job-1: task_mismatch'],
    [
      'a stranger and a leaving one, with patience',
      [stranger(1), job(2, { state: 'deleting' })],
      { patient: true },
      'wait job-2 job-1: task_mismatch',
    ],
    ['a match, with patience', [job(1), stranger(2)], { patient: true }, 'adopt job-1: same_task'],
    ['a queued one at our task', [job(1, { state: 'queued' })], {}, 'adopt job-1: same_task'],
    [
      'jobs of unknown age: last',
      [job(1, { name: 'old', createdAt: undefined }), job(0)],
      {},
      'adopt job-0: same_task',
    ],
    ['jobs of one second: by name', [job(1, { name: 'b' }), job(1, { name: 'a' })], {}, 'adopt a: same_task'],
  ]

  it.each(cases)('%s', (_, jobs, over, expected) => {
    expect(brief(classifyOrphans(jobs, { ...want, ...over }))).toBe(expected)
  })

  it('are all reported with their relation, newest first', () => {
    const { considered } = classifyOrphans([stranger(1), job(3), job(2, { state: 'failed' })], want)
    expect(considered.map((each) => `${each.job.name} ${each.relation} ${each.effect}`)).toEqual([
      'job-3 same_task match',
      'job-2 finished none',
      'job-1 task_mismatch block',
    ])
  })

  it('keep the additional fields of the caller', () => {
    const verdict = classifyOrphans([{ ...job(1), node: 'n1' }], want)
    expect(verdict.verdict === 'adopt' && verdict.job.node).toBe('n1')
  })
})

const identity = fc.option(fc.constantFrom('', 'a', 'b', 'me'), { nil: undefined })
const anyJob = fc.record<CandidateJob>({
  name: fc.constantFrom('x', 'y', 'z'),
  uid: fc.uuid(),
  state: fc.constantFrom('queued', 'active', 'succeeded', 'failed', 'deleting'),
  createdAt: fc.option(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constant(Number.NaN)), { nil: null }),
  runId: identity,
  taskId: identity,
  sessionId: identity,
  isolationKey: identity,
})
const anyWant = fc.record<WantedRun>({
  runId: fc.constantFrom('me', 'a', ''),
  taskId: identity,
  sessionId: identity,
  isolationKey: identity,
  knownUid: identity,
  reattach: fc.boolean(),
  patient: fc.boolean(),
})

describe('any jobs at all', () => {
  const check = (property: (jobs: CandidateJob[], wanted: WantedRun) => void) =>
    fc.assert(fc.property(fc.array(anyJob, { maxLength: 8 }), anyWant, property), { numRuns: 2_000 })

  it('give the same verdict in any order', () => {
    check((jobs, wanted) => {
      expect(classifyOrphans(jobs.toReversed(), wanted)).toEqual(classifyOrphans(jobs, wanted))
    })
  })

  it('give the same verdict without the finished ones and those apart', () => {
    check((jobs, wanted) => {
      const { considered } = classifyOrphans(jobs, wanted)
      const relevant = considered.filter(({ effect }) => effect !== 'none').map((each) => each.job)
      expect(brief(classifyOrphans(relevant, wanted))).toBe(brief(classifyOrphans(jobs, wanted)))
    })
  })

  it('never lead to a create beside a live job that is not apart', () => {
    check((jobs, wanted) => {
      const { verdict, considered } = classifyOrphans(jobs, wanted)
      expect(verdict === 'create').toBe(considered.every(({ effect }) => effect === 'none'))
    })
  })

  it('are adopted only when they are our own or a match, and strangers never undo that', () => {
    check((jobs, wanted) => {
      const before = classifyOrphans(jobs, wanted)
      const strangers = [
        { ...stranger(99), taskId: 'zz' },
        { ...stranger(-1), taskId: null },
      ]
      const after = classifyOrphans([...jobs, ...strangers], { ...wanted, taskId: wanted.taskId })
      const adopted = before.considered.some(({ effect }) => effect === 'own' || effect === 'match')
      expect(before.verdict === 'adopt').toBe(adopted)
      expect(after.verdict === 'adopt').toBe(adopted)
    })
  })

  it('are not modified', () => {
    check((jobs, wanted) => {
      const copy = structuredClone(jobs)
      classifyOrphans(jobs, wanted)
      expect(jobs).toEqual(copy)
    })
  })

  it('are sorted consistently, also with dates that are not numbers', () => {
    check((jobs, wanted) => {
      const ages = classifyOrphans(jobs, wanted).considered.map((each) => each.job.createdAt ?? Number.NaN)
      const known = ages.filter((age) => !Number.isNaN(age))
      expect(known).toEqual([...known].sort((a, b) => b - a))
      expect(ages.slice(0, known.length)).toEqual(known)
    })
  })
})
