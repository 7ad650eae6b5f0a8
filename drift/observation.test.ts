import { describe, expect, it } from 'vitest'
import { compare, eventsOf, groupChanges, type Observation } from './observation.ts'

const line = (value: unknown): string => `${JSON.stringify(value)}\n`

describe('what a run showed', () => {
  it('is the kinds of its lines and their members, whatever the values are', () => {
    const stdout =
      line({ type: 'system', subtype: 'init', model: 'x', a: { b: { c: 1 } } }) +
      line({ type: 'system', subtype: 'init', cwd: '/' }) +
      line({ type: 'item.completed', item: { type: 'agent_message', text: 'x' } }) +
      'a warning\n{"type":"cut'
    expect(eventsOf(stdout)).toEqual({
      'item.completed/agent_message': ['item', 'item.text', 'item.type', 'type'],
      'system/init': ['a', 'a.b', 'cwd', 'model', 'subtype', 'type'],
    })
  })

  it('takes names of models for data', () => {
    expect(eventsOf(line({ type: 'result', usage: { 'model-1': {} } }))).toEqual({
      result: ['type', 'usage', 'usage.*'],
    })
  })
})

describe('the difference from the recorded run', () => {
  const before: Observation = { exitCode: 1, events: { a: ['x', 'y'], b: [] }, verdict: { errorCode: 'overloaded' } }

  it('is nothing when nothing differs', () => {
    expect(compare(before, structuredClone(before))).toEqual([])
  })

  it('names exit codes, verdicts, kinds of lines and members', () => {
    const after: Observation = {
      exitCode: 0,
      events: { a: ['x', 'z'], c: [] },
      verdict: { errorCode: null, unknownTypes: {} },
    }
    expect(compare(before, after)).toEqual([
      'exit code 1 → 0',
      'verdict errorCode: "overloaded" → null',
      'verdict unknownTypes: nothing → {}',
      'event + c',
      'event - b',
      'a: member + z',
      'a: member - y',
    ])
  })

  it('says so when the scenario is new', () => {
    expect(compare(undefined, before)).toEqual(['was not recorded'])
  })
})

describe('a report', () => {
  it('has each change once, with its scenarios', () => {
    const scenarios = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const changes = new Map(scenarios.map((name) => [name, name === 'b' ? ['all', 'one'] : ['all']]))
    expect(groupChanges(changes)).toEqual(['all  [a, b, c, d, e, f, … (7 scenarios)]', 'one  [b]'])
  })
})
