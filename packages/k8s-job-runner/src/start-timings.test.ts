import { describe, expect, it } from 'vitest'
import type { Evidence } from './evidence.ts'
import type { KubeEvent } from './kubernetes.ts'
import type { RunTimings } from './run-handle.ts'
import { noteStart } from './start-timings.ts'

const event = (reason: string, firstTimestamp: string): KubeEvent =>
  ({ reason, firstTimestamp, metadata: {}, involvedObject: {} }) as unknown as KubeEvent
const evidence = (change: Partial<Evidence>): Evidence => ({ container: 'main', ...change })
const pod = { metadata: { name: 'p' } }
const placed = { ...pod, spec: { nodeName: 'n1', containers: [] } }
const at = (elapsedMs: number) => ({ elapsedMs, wallTime: Date.parse('2026-01-01T00:00:00Z') + elapsedMs })

describe('the times of a start', () => {
  it('are those at which the pod and its node were first seen', () => {
    const timings: RunTimings = {}
    noteStart(timings, evidence({}), at(1))
    expect(timings).toEqual({})
    noteStart(timings, evidence({ pod }), at(5))
    noteStart(timings, evidence({ pod: placed }), at(9))
    noteStart(timings, evidence({ pod: placed }), at(20))
    expect(timings).toEqual({ podMs: 5, scheduledMs: 9 })
  })

  it('are those of the Events for the image, which may be read long after they happened', () => {
    const timings: RunTimings = { podMs: 5, scheduledMs: 900 }
    const events = [event('Pulling', '2026-01-01T00:00:01Z'), event('Pulled', '2026-01-01T00:00:07Z')]
    noteStart(timings, evidence({ pod: placed, events: events.slice(0, 1) }), at(6_000))
    expect(timings).toEqual({ podMs: 5, scheduledMs: 900, pullingMs: 1_000 })
    noteStart(timings, evidence({ pod: placed, events }), at(8_000))
    expect(timings).toMatchObject({ pullingMs: 1_000, pulledMs: 7_000 })
  })

  it('are absent for an image that was present, and for Events that come after the start', () => {
    const timings: RunTimings = { podMs: 5, scheduledMs: 9, runningMs: 100 }
    noteStart(timings, evidence({ pod: placed, events: [event('Pulling', '2026-01-01T00:00:00Z')] }), at(200))
    expect(timings).toEqual({ podMs: 5, scheduledMs: 9, runningMs: 100 })
    const present: RunTimings = {}
    noteStart(present, evidence({ pod: placed, events: [event('Pulled', '2026-01-01T00:00:00Z')] }), at(200))
    expect(present).toEqual({ podMs: 200, scheduledMs: 200 })
  })

  it('stay within the run when the clock of the cluster differs', () => {
    const timings: RunTimings = {}
    const events = [event('Pulling', '2025-12-31T23:00:00Z'), event('Pulled', '2026-01-01T01:00:00Z')]
    noteStart(timings, evidence({ pod: placed, events }), at(300))
    expect(timings).toEqual({ podMs: 300, scheduledMs: 300, pullingMs: 300, pulledMs: 300 })
  })
})
