import { CoreV1Event, V1Job, V1Lease, V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { readFixture } from '../test/fixture.ts'
import { reviveDates } from './model-dates.ts'

const fixture = (name: string) => JSON.parse(readFixture(`completed/${name}.json`)) as V1Pod & V1Job

describe('dates', () => {
  it('of a recorded pod are Dates, and nothing else has changed', () => {
    const pod = fixture('pod')
    reviveDates(V1Pod, pod)
    expect(pod.metadata?.creationTimestamp).toBeInstanceOf(Date)
    expect(pod.status?.startTime).toBeInstanceOf(Date)
    expect(pod.status?.conditions?.[0]?.lastTransitionTime).toBeInstanceOf(Date)
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated?.finishedAt).toBeInstanceOf(Date)
    const written: unknown = JSON.parse(JSON.stringify(pod).replaceAll('.000Z"', 'Z"'))
    expect(written).toEqual(fixture('pod'))
  })

  it('of a recorded job are Dates', () => {
    const job = fixture('job')
    reviveDates(V1Job, job)
    expect(job.status?.completionTime).toBeInstanceOf(Date)
  })

  it('keep fields that client-node does not know', () => {
    const pod = { metadata: { creationTimestamp: '2026-11-21T09:00:00Z' }, status: { brandNew: { startTime: 'x' } } }
    reviveDates(V1Pod, pod)
    expect(pod.status.brandNew).toEqual({ startTime: 'x' })
  })

  it('leave a text that is no date, and a label named like one', () => {
    const pod = {
      metadata: { creationTimestamp: 'yesterday', labels: { startTime: '2026-11-21T09:00:00Z' } },
      status: null,
    }
    reviveDates(V1Pod, pod)
    expect(pod).toEqual({
      metadata: { creationTimestamp: 'yesterday', labels: { startTime: '2026-11-21T09:00:00Z' } },
      status: null,
    })
  })

  it('with microseconds are written back with six digits', () => {
    const lease = { spec: { renewTime: '2026-11-21T09:00:00.123000Z' } }
    reviveDates(V1Lease, lease)
    expect(JSON.stringify(lease)).toBe('{"spec":{"renewTime":"2026-11-21T09:00:00.123000Z"}}')
  })

  it('of an event are Dates', () => {
    const event = {
      firstTimestamp: '2026-11-21T09:00:00Z',
      eventTime: null,
      series: { lastObservedTime: '2026-11-21T09:00:00.000001Z' },
    }
    reviveDates(CoreV1Event, event)
    expect(event.firstTimestamp).toBeInstanceOf(Date)
    expect(event.series.lastObservedTime).toBeInstanceOf(Date)
  })

  it('survive anything in the place of an object', () => {
    for (const value of [null, 5, 'x', [], [null], { metadata: 7, status: { conditions: 'x' } }]) {
      expect(() => reviveDates(V1Pod, value)).not.toThrow()
    }
  })
})
