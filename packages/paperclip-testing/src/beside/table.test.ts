import { describe, expect, it } from 'vitest'
import { besideTable, differences } from './table.ts'

describe('the comparison with the built-in adapter', () => {
  const pairs = [
    {
      scenario: 'a task',
      builtIn: { issue: 'done', runs: 1, cost: true },
      ours: { issue: 'done', runs: 1, cost: true },
    },
    { scenario: 'a plan', builtIn: { issue: 'done', cost: true }, ours: { issue: 'blocked', cost: null } },
  ]

  it('names each answer that differs, and nothing else', () => {
    expect(differences(pairs)).toEqual([
      { scenario: 'a plan', question: 'issue', builtIn: 'done', ours: 'blocked' },
      { scenario: 'a plan', question: 'cost', builtIn: 'yes', ours: '–' },
    ])
  })

  it('is a table, with how much was compared', () => {
    expect(besideTable(pairs)).toBe(
      [
        '2 scenarios, 5 answers compared, 2 differ',
        '',
        '| scenario | question | built-in | ours |',
        '| --- | --- | --- | --- |',
        '| a plan | issue | done | blocked |',
        '| a plan | cost | yes | – |',
        '',
      ].join('\n'),
    )
    expect(besideTable(pairs.slice(0, 1))).toBe('1 scenarios, 3 answers compared, 0 differ\n')
  })
})
