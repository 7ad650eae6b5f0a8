import { describe, expect, it } from 'vitest'
import { outcomeBlock, seconds } from './outcome-block.ts'
import type { RunReport } from '../run/run-report.ts'
import { createStyle } from './style.ts'

const report: RunReport = {
  job: 'agent-1',
  pod: 'agent-1-x',
  node: 'node-1',
  outcome: 'succeeded',
  exitCode: 0,
  sessionId: 's-1',
  model: 'opus',
  usage: { inputTokens: 12_345, outputTokens: 6, cacheReadInputTokens: 0, other: 'x' },
  usageBasis: 'per_run',
  costUsd: 0.01234,
  summary: 'Done',
  errorCode: null,
  errorMessage: null,
  warning: null,
  durationMs: 2600,
  timings: { submittedMs: 12.4, runningMs: 204, firstLineMs: 700, endedMs: 1834 },
}
const block = (more: Partial<RunReport> = {}): string =>
  outcomeBlock({ ...report, ...more }, createStyle(false)).join('\n')

describe('outcomeBlock', () => {
  it('says when the tokens are those of the whole session', () => {
    expect(block({ usageBasis: 'session_cumulative' })).toContain('cache read 0 (whole session)\n')
  })

  it('says how a run went, with its numbers', () => {
    expect(block()).toBe(
      [
        '',
        '✔ succeeded',
        '  exit      0',
        '  session   s-1',
        '  model     opus',
        '  tokens    in 12,345 · out 6 · cache read 0',
        '  cost      $0.0123',
        '  duration  1.8 s (submitted 12 ms, running 204 ms, first line 700 ms)',
        '  job       agent-1 on node-1',
      ].join('\n'),
    )
  })

  it('says why a run failed, though its container succeeded', () => {
    expect(block({ errorCode: 'rate_limited', errorMessage: 'Too many requests' })).toContain(
      '✘ rate_limited: Too many requests',
    )
  })

  it('reports unknown rather than guessing', () => {
    const nothing = {
      outcome: 'lost',
      errorCode: 'lost',
      exitCode: null,
      sessionId: null,
      model: null,
      usage: null,
      costUsd: null,
    }
    const times = { submittedMs: null, runningMs: null, firstLineMs: null, endedMs: null }
    expect(block({ ...nothing, durationMs: null, timings: times }).match(/unknown/g)).toHaveLength(6)
    expect(block({ ...nothing, timings: times })).toContain('✘ lost')
  })

  it('reports no numbers for a run that was not started', () => {
    const none = { job: null, outcome: 'notStarted', errorCode: 'run_locked', errorMessage: 'Another run' }
    expect(block(none)).toBe('\n✘ run_locked: Another run')
  })

  it('counts short spans in milliseconds', () => {
    expect([seconds(999), seconds(1000), seconds(90_000)]).toEqual(['999 ms', '1.0 s', '90.0 s'])
  })
})
