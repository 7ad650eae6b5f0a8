import type { Outcome } from '@agent-jobs/k8s-job-runner'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { describe, expect, it } from 'vitest'
import { runEvents } from './run-events.ts'

type RunEvent = Parameters<NonNullable<AdapterExecutionContext['onEvent']>>[0]

function teller() {
  const told: RunEvent[] = []
  const progress: string[] = []
  const events = runEvents(
    {
      event: (event) => void told.push(event),
    },
    { show: (message) => void progress.push(message) },
    { job: { name: 'ac-1', namespace: 'ns', uid: 'u' } },
  )
  return { told, progress, events }
}

const outcome = {
  kind: 'oomKilled',
  code: 'oom_killed',
  pod: 'ac-1-x',
  node: 'n1',
  exitCode: 137,
  signal: 'SIGKILL',
  source: 'container_status',
  notes: [],
} as unknown as Outcome

describe('the events of a run', () => {
  it("are of the type that does not count as the agent's work", () => {
    const { told, events } = teller()
    events.acquired(null)
    events.phase('running', 'Running')
    events.ended(outcome, { kind: 'succeeded', warning: null })
    expect(new Set(told.map(({ eventType }) => eventType))).toEqual(new Set(['lifecycle']))
  })

  it('name its Job, its phases and its end', () => {
    const { told, progress, events } = teller()
    events.acquired(null)
    events.phase('running', 'Running on n1')
    const failed = { kind: 'failed', errorCode: 'oom_killed', errorMessage: 'secret words' }
    events.ended(outcome, failed as Parameters<typeof events.ended>[1])
    expect(told).toEqual([
      expect.objectContaining({
        eventType: 'lifecycle',
        payload: { event: 'k8s.job.created', job: 'ac-1', namespace: 'ns' },
      }),
      expect.objectContaining({
        eventType: 'lifecycle',
        message: 'Running on n1',
        payload: { event: 'k8s.job.phase', job: 'ac-1', namespace: 'ns', phase: 'running' },
      }),
      expect.objectContaining({
        eventType: 'lifecycle',
        level: 'error',
        payload: {
          event: 'k8s.job.ended',
          job: 'ac-1',
          namespace: 'ns',
          outcome: 'oom_killed',
          errorCode: 'oom_killed',
          pod: 'ac-1-x',
          node: 'n1',
          exitCode: 137,
          signal: 'SIGKILL',
        },
      }),
    ])
    expect(progress).toEqual(['Running on n1'])
    expect(JSON.stringify(told)).not.toContain('secret words')
  })

  it('say whose run was adopted', () => {
    const { told, events } = teller()
    events.acquired({ runId: 'r0' })
    expect(told).toMatchObject([
      {
        eventType: 'lifecycle',
        message: 'Adopted Job ac-1 of run r0',
        payload: { event: 'k8s.job.adopted', adoptedFromRun: 'r0' },
      },
    ])
  })
})
