import * as clientNode from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { readFixture } from '../test/fixture.ts'
import { dateFields, reviveDates, type DateFields } from './date-fields.ts'
import { kinds } from './resource-kind.ts'

const fixture = (name: string) =>
  JSON.parse(readFixture(`completed/${name}.json`)) as clientNode.V1Pod & clientNode.V1Job

interface Model {
  getAttributeTypeMap(): readonly { readonly baseName: string; readonly type: string }[]
}
const models = new Map<string, unknown>(Object.entries(clientNode))

const isModel = (value: unknown): value is Model => typeof value === 'function' && 'getAttributeTypeMap' in value

/** The fields of a model of client-node that hold a time, by its own type map. */
function fieldsOf(model: unknown, above: readonly unknown[] = []): DateFields {
  const fields: Record<string, DateFields[string]> = {}
  if (!isModel(model) || above.includes(model)) return fields
  for (const { baseName, type } of model.getAttributeTypeMap()) {
    const item = /^Array<(.+)>$/.exec(type)?.[1] ?? type
    if (item === 'Date') fields[baseName] = 'date'
    else if (item === 'V1MicroTime') fields[baseName] = 'micro'
    else {
      const nested = fieldsOf(models.get(item), [...above, model])
      if (Object.keys(nested).length > 0) fields[baseName] = item === type ? nested : [nested]
    }
  }
  return fields
}

it.each(Object.entries(kinds))('the times of a %s are those that client-node types as Date', (name, kind) => {
  expect(kind.dates).toEqual(fieldsOf(models.get(name === 'Event' ? 'CoreV1Event' : `V1${name}`)))
})

describe('dates', () => {
  it('of a recorded pod are Dates, and nothing else has changed', () => {
    const pod = fixture('pod')
    reviveDates(dateFields.Pod, pod)
    expect(pod.metadata?.creationTimestamp).toBeInstanceOf(Date)
    expect(pod.status?.startTime).toBeInstanceOf(Date)
    expect(pod.status?.conditions?.[0]?.lastTransitionTime).toBeInstanceOf(Date)
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated?.finishedAt).toBeInstanceOf(Date)
    const written: unknown = JSON.parse(JSON.stringify(pod).replaceAll('.000Z"', 'Z"'))
    expect(written).toEqual(fixture('pod'))
  })

  it('of a recorded job are Dates', () => {
    const job = fixture('job')
    reviveDates(dateFields.Job, job)
    expect(job.status?.completionTime).toBeInstanceOf(Date)
  })

  it('keep fields that client-node does not know', () => {
    const pod = { metadata: { creationTimestamp: '2026-11-21T09:00:00Z' }, status: { brandNew: { startTime: 'x' } } }
    reviveDates(dateFields.Pod, pod)
    expect(pod.status.brandNew).toEqual({ startTime: 'x' })
  })

  it('leave a text that is not a date, and a label with the name of a date field, unchanged', () => {
    const pod = {
      metadata: { creationTimestamp: 'yesterday', labels: { startTime: '2026-11-21T09:00:00Z' } },
      status: null,
    }
    reviveDates(dateFields.Pod, pod)
    expect(pod).toEqual({
      metadata: { creationTimestamp: 'yesterday', labels: { startTime: '2026-11-21T09:00:00Z' } },
      status: null,
    })
  })

  it('with microseconds are written back with six digits', () => {
    const lease = { spec: { renewTime: '2026-11-21T09:00:00.123000Z' } }
    reviveDates(dateFields.Lease, lease)
    expect(JSON.stringify(lease)).toBe('{"spec":{"renewTime":"2026-11-21T09:00:00.123000Z"}}')
  })

  it('of an event are Dates', () => {
    const event = {
      firstTimestamp: '2026-11-21T09:00:00Z',
      eventTime: null,
      series: { lastObservedTime: '2026-11-21T09:00:00.000001Z' },
    }
    reviveDates(dateFields.Event, event)
    expect(event.firstTimestamp).toBeInstanceOf(Date)
    expect(event.series.lastObservedTime).toBeInstanceOf(Date)
  })

  it('accept anything in the place of an object', () => {
    for (const value of [null, 5, 'x', [], [null], { metadata: 7, status: { conditions: 'x' } }]) {
      expect(() => reviveDates(dateFields.Pod, value)).not.toThrow()
    }
  })
})
