import { describe, expect, it } from 'vitest'
import { phaseTimes } from './phase-times.ts'

const shown = (timings: Parameters<typeof phaseTimes>[0]) =>
  phaseTimes(timings).map(({ phase, fromMs, toMs }) => `${phase} ${fromMs}-${toMs}`)

describe('the phases of a run', () => {
  it('follow each other without a queue and with an image that is present', () => {
    const timings = { submittedMs: 5, podMs: 6, scheduledMs: 20, runningMs: 900, firstLineMs: 1_500, endedMs: 9_000 }
    expect(shown(timings)).toEqual(['schedule 5-20', 'start 20-900', 'first_line 900-1500', 'run 1500-9000'])
  })

  it('include the queue and a slow pull', () => {
    const timings = {
      submittedMs: 5,
      queuedMs: 6,
      podMs: 700,
      scheduledMs: 720,
      pullingMs: 800,
      pulledMs: 3_800,
      runningMs: 3_900,
      firstLineMs: 4_000,
      endedMs: 5_000,
    }
    expect(shown(timings)).toEqual([
      'queue 6-700',
      'schedule 700-720',
      'pull 800-3800',
      'start 3800-3900',
      'first_line 3900-4000',
      'run 4000-5000',
    ])
  })

  it.each([
    ['in its queue', { submittedMs: 5, queuedMs: 6, endedMs: 100 }, ['queue 6-100']],
    ['without a node', { submittedMs: 5, podMs: 6, endedMs: 100 }, ['schedule 5-100']],
    [
      'while its image is pulled',
      { submittedMs: 5, podMs: 6, scheduledMs: 7, pullingMs: 8, endedMs: 100 },
      ['schedule 5-7', 'pull 8-100'],
    ],
    [
      'before its first line',
      { submittedMs: 5, podMs: 6, scheduledMs: 7, runningMs: 50, endedMs: 100 },
      ['schedule 5-7', 'start 7-50', 'run 50-100'],
    ],
  ])('end with a run that ends %s', (_when, timings, phases) => {
    expect(shown(timings)).toEqual(phases)
  })

  it('never end before they start, when the first line is read before the status', () => {
    const timings = { submittedMs: 5, podMs: 6, scheduledMs: 7, runningMs: 60, firstLineMs: 50, endedMs: 100 }
    expect(shown(timings)).toContain('first_line 60-60')
  })
})
