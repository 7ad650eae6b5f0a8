import { describe, expect, it } from 'vitest'
import { sortRuns, type PsRow, type SortKey } from './ps-row.ts'

const unknown = {
  namespace: 'agents',
  reason: null,
  agent: null,
  pod: null,
  node: null,
  image: null,
  createdAt: null,
  startedAt: null,
  endedAt: null,
  durationMs: null,
  exitCode: null,
  cancelledBy: null,
  key: '',
  runId: '',
  session: null,
  model: null,
  costUsd: null,
  turns: null,
}

describe('sortRuns', () => {
  const rows: PsRow[] = [
    { ...unknown, job: 'b', state: 'running', createdAt: '2026-11-30T00:00:01Z', durationMs: 20, costUsd: 0.1 },
    { ...unknown, job: 'c', state: 'failed', createdAt: '2026-11-30T00:00:03Z', durationMs: 0, costUsd: 0.3 },
    { ...unknown, job: 'a', state: 'queued' },
    { ...unknown, job: 'd', state: 'failed', createdAt: '2026-11-30T00:00:02Z', durationMs: 30, costUsd: 0 },
  ]

  it.each<[SortKey, string]>([
    ['age', 'cdba'],
    ['name', 'abcd'],
    ['state', 'cdab'],
    ['duration', 'dbca'],
    ['cost', 'cbda'],
  ])('sorts by %s, unknown values last and equal ones in the order they came', (key, order) => {
    expect(sortRuns(rows, key).map(({ job }) => job)).toEqual([...order])
  })

  it('puts the newest first unless told otherwise', () => {
    expect(sortRuns(rows)).toEqual(sortRuns(rows, 'age'))
  })
})
