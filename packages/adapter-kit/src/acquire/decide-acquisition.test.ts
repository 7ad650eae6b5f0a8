import { describe, expect, it } from 'vitest'
import type { AgentJob } from './candidates.ts'
import { agentJob, blockedError } from './candidates.ts'
import { decideAcquisition } from './decide-acquisition.ts'

const job = (change: Partial<AgentJob> = {}): AgentJob => ({
  name: 'ac-1',
  uid: 'u1',
  state: 'active',
  createdAt: 1,
  runId: 'r0',
  taskId: 't1',
  sessionId: null,
  isolationKey: null,
  ours: true,
  key: 'k1',
  ...change,
})
const want = { runId: 'r1', taskId: 't1', reattach: true, patient: false }
const alone = {
  running: new Set<string>(),
  followed: new Set<string>(),
  reported: new Set<string>(),
  ended: new Set<string>(),
  key: 'k1',
  wakeReason: 'comment',
}

describe("the agent's Jobs", () => {
  it.each([
    ['no Job', [], want, alone, 'start'],
    ['an orphan at this task', [job()], want, alone, 'adopt'],
    ['an orphan at another task', [job({ taskId: 't2' })], want, alone, 'block'],
    ['an orphan at another task, patiently', [job({ taskId: 't2' })], { ...want, patient: true }, alone, 'wait'],
    ['a Job of this very server', [job()], want, { ...alone, followed: new Set(['u1']) }, 'block'],
    [
      'a Job that a run of this very server has just made',
      [job()],
      want,
      { ...alone, running: new Set(['r0', 'r1']) },
      'block',
    ],
    ['a Job of this very run', [job({ runId: 'r1' })], want, { ...alone, running: new Set(['r1']) }, 'adopt'],
    [
      'a Job of this very server, patiently',
      [job()],
      { ...want, patient: true },
      { ...alone, followed: new Set(['u1']) },
      'wait',
    ],
    ['a finished Job', [job({ state: 'succeeded' })], want, alone, 'start'],
    [
      'a finished Job that we asked for',
      [job({ state: 'failed' })],
      want,
      { ...alone, wakeReason: 'remote_job_reattach' },
      'adopt',
    ],
    [
      'a finished Job of another task',
      [job({ state: 'failed', taskId: 't2' })],
      want,
      { ...alone, wakeReason: 'remote_job_reattach' },
      'start',
    ],
    [
      'a Job whose result an earlier life of the server reported',
      [job()],
      want,
      { ...alone, reported: new Set(['u1']) },
      'wait',
    ],
    [
      'a retained Job whose result was reported',
      [job({ state: 'succeeded' })],
      want,
      { ...alone, reported: new Set(['u1']), wakeReason: 'remote_job_reattach' },
      'start',
    ],
    [
      'a Job whose result this server has just reported',
      [job()],
      want,
      { ...alone, reported: new Set(['u1']), ended: new Set(['u1']) },
      'start',
    ],
    ['a Job on its way out, which the lock waits for', [job({ state: 'deleting' })], want, alone, 'start'],
    ['a Job on its way out that has another lock', [job({ state: 'deleting', key: 'k2' })], want, alone, 'wait'],
    ['a Job on its way out that has none', [job({ state: 'deleting', key: null, ours: false })], want, alone, 'wait'],
    [
      'a Job on its way out that a run of this server follows',
      [job({ state: 'deleting' })],
      want,
      { ...alone, followed: new Set(['u1']) },
      'wait',
    ],
    [
      'a Job on its way out beside one at another task',
      [job({ state: 'deleting' }), job({ uid: 'u2', taskId: 't2' })],
      want,
      alone,
      'block',
    ],
  ] as const)('lead, with %s, to the right decision', (_what, jobs, wanted, known, kind) => {
    expect(decideAcquisition(jobs, wanted, known).kind).toBe(kind)
  })

  it('of an earlier adapter are never adopted, only respected', () => {
    const foreign = agentJob({
      metadata: { name: 'x', uid: 'u', labels: { 'paperclip.io/task-id': 't1', 'paperclip.io/run-id': 'r0' } },
    })
    expect(foreign).toMatchObject({ ours: false, taskId: null, runId: 'r0', state: 'active' })
    expect(decideAcquisition([foreign], want, alone)).toMatchObject({ kind: 'block', relation: 'task_unknown' })
  })

  it.each([
    ['task_unknown', 'k8s_orphan_task_unknown', /orphaned Job ac-1 has unknown task context/],
    ['session_mismatch', 'k8s_orphan_session_mismatch', /orphaned Job ac-1 has a mismatched session/],
    ['task_mismatch', 'k8s_concurrent_run_blocked', /orphaned Job ac-1 is running a different task/],
    ['reattach_off', 'k8s_concurrent_run_blocked', /\(reattach disabled\)/],
    ['same_run', 'k8s_concurrent_run_blocked', /Job ac-1 is still running for this agent/],
  ] as const)('block as %s with the code that users know', (relation, code, message) => {
    const error = blockedError(relation, [job()])
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
  })
})
