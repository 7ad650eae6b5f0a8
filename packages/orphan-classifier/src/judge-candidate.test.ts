import { describe, expect, it } from 'vitest'
import type { CandidateJob, CandidateState, WantedRun } from './candidate-job.ts'
import { decisionTable, judgeCandidate, type Relation } from './judge-candidate.ts'

const job = (over: Partial<CandidateJob> = {}): CandidateJob => ({
  name: 'job',
  uid: 'u1',
  state: 'active',
  createdAt: 1,
  runId: 'r1',
  taskId: 't1',
  sessionId: 's1',
  ...over,
})
const want = (over: Partial<WantedRun> = {}): WantedRun => ({
  runId: 'r2',
  taskId: 't1',
  sessionId: 's1',
  reattach: true,
  patient: false,
  ...over,
})

describe('the relation of one job', () => {
  const cells: [string, Partial<CandidateJob>, Partial<WantedRun>, Relation][] = [
    ['has succeeded', { state: 'succeeded' }, {}, 'finished'],
    ['has failed', { state: 'failed' }, {}, 'finished'],
    ['has finished as this very run', { state: 'succeeded', runId: 'r2' }, {}, 'finished'],
    ['has finished and is known', { state: 'failed' }, { knownUid: 'u1' }, 'finished'],
    ['is isolated elsewhere', { isolationKey: 'a' }, { isolationKey: 'b' }, 'apart'],
    ['is isolated elsewhere and leaving', { isolationKey: 'a', state: 'deleting' }, { isolationKey: 'b' }, 'apart'],
    ['is isolated by the same key', { isolationKey: 'a' }, { isolationKey: 'a' }, 'same_task'],
    ['is isolated while we are not', { isolationKey: 'a', taskId: 't2' }, {}, 'task_mismatch'],
    ['is not isolated while we are', { taskId: 't2' }, { isolationKey: 'a' }, 'task_mismatch'],
    ['has an empty isolation key', { isolationKey: '', taskId: 't2' }, { isolationKey: 'a' }, 'task_mismatch'],
    ['is being deleted', { state: 'deleting' }, {}, 'leaving'],
    ['is being deleted and is our own', { state: 'deleting', runId: 'r2' }, {}, 'leaving'],
    ['is the one the host remembers', { taskId: 't9' }, { knownUid: 'u1' }, 'known_job'],
    ['is the one the host remembers, adopting off', {}, { knownUid: 'u1', reattach: false }, 'known_job'],
    ['is not the one the host remembers', {}, { knownUid: 'u9' }, 'same_task'],
    ['has no uid and none is remembered', { uid: '' }, { knownUid: '' }, 'same_task'],
    ['is of this run', { runId: 'r2', taskId: 't9', sessionId: 's9' }, {}, 'same_run'],
    ['is of this run, adopting off', { runId: 'r2' }, { reattach: false }, 'same_run'],
    ['is of this run and queued', { runId: 'r2', state: 'queued' }, {}, 'same_run'],
    ['has no run, as we have none', { runId: '', taskId: 't2' }, { runId: '' }, 'task_mismatch'],
    ['is of another run, adopting off', {}, { reattach: false }, 'reattach_off'],
    ['has no task', { taskId: null }, {}, 'task_unknown'],
    ['has an empty task', { taskId: '' }, {}, 'task_unknown'],
    ['has a task, we have none', {}, { taskId: undefined }, 'task_unknown'],
    ['has no task, nor have we', { taskId: undefined }, { taskId: undefined }, 'task_unknown'],
    ['works at another task', { taskId: 't2' }, {}, 'task_mismatch'],
    ['works at another task in our session', { taskId: 't2' }, { sessionId: 's1' }, 'task_mismatch'],
    ['works at our task in another session', { sessionId: 's2' }, {}, 'session_mismatch'],
    ['works at our task in our session', {}, {}, 'same_task'],
    ['works at our task in a session, we have none', {}, { sessionId: null }, 'same_task'],
    ['works at our task without a session', { sessionId: undefined }, {}, 'same_task'],
    ['works at our task, no session anywhere', { sessionId: '' }, { sessionId: '' }, 'same_task'],
    ['works at our task and is queued', { state: 'queued' }, {}, 'same_task'],
  ]

  it.each(cells)('that %s is as the table says', (_, jobOver, wantOver, relation) => {
    expect(judgeCandidate(job(jobOver), want(wantOver)).relation).toBe(relation)
  })

  it('is covered by a case for every row', () => {
    const covered = new Set(cells.map(([, , , relation]) => relation))
    expect(decisionTable.filter(({ relation }) => !covered.has(relation))).toEqual([])
  })

  it('is exactly one for every combination of what it looks at', () => {
    const states: CandidateState[] = ['queued', 'active', 'succeeded', 'failed', 'deleting']
    const values = [undefined, 'a', 'b']
    let seen = 0
    for (const state of states)
      for (const runId of values)
        for (const taskId of values)
          for (const sessionId of values)
            for (const isolationKey of values)
              for (const ours of values)
                for (const reattach of [true, false]) {
                  const given = job({ state, runId, taskId, sessionId, isolationKey })
                  const asked = want({ runId: 'a', taskId: ours, sessionId: ours, isolationKey: ours, reattach })
                  const expected = decisionTable.find(({ holds }) => holds(given, asked))
                  expect(judgeCandidate(given, asked)).toEqual({
                    relation: expected?.relation,
                    effect: expected?.effect,
                  })
                  seen += 1
                }
    expect(seen).toBe(5 * 3 ** 5 * 2)
  })
})
