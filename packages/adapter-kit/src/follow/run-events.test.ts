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
      onEvent: async (event) => void told.push(event),
      onRuntimeProgress: (update) => void progress.push(update.message),
    },
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
  it('name its Job, its phases and its end', async () => {
    const { told, progress, events } = teller()
    await events.claimed(null)
    await events.phase('running', 'Running on n1')
    const failed = { kind: 'failed', errorCode: 'oom_killed', errorMessage: 'secret words' }
    await events.ended(outcome, failed as Parameters<typeof events.ended>[1])
    expect(told).toEqual([
      expect.objectContaining({ eventType: 'k8s.job.created', payload: { job: 'ac-1', namespace: 'ns' } }),
      expect.objectContaining({
        eventType: 'k8s.job.phase',
        message: 'Running on n1',
        payload: { job: 'ac-1', namespace: 'ns', phase: 'running' },
      }),
      expect.objectContaining({
        eventType: 'k8s.job.ended',
        level: 'error',
        payload: {
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

  it('say whose run was adopted', async () => {
    const { told, events } = teller()
    await events.claimed('r0')
    expect(told).toMatchObject([
      { eventType: 'k8s.job.adopted', message: 'Adopted Job ac-1 of run r0', payload: { adoptedFromRun: 'r0' } },
    ])
  })

  it('are told to nobody where nobody listens', async () => {
    const events = runEvents({}, { job: { name: 'ac-1', namespace: 'ns', uid: 'u' } })
    await expect(events.claimed(null)).resolves.toBeUndefined()
    await expect(events.phase('running', 'Running')).resolves.toBeUndefined()
  })
})
