import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { openAbortScope } from './abort-scope.ts'

describe('an abort scope', () => {
  it('ends with any of its parents, for the same reason', () => {
    const parents = [new AbortController(), new AbortController()]
    using scope = openAbortScope(undefined, ...parents.map(({ signal }) => signal))
    parents[1]?.abort('second')
    expect(scope.signal.reason).toBe('second')
    expect(parents.map(({ signal }) => getEventListeners(signal, 'abort').length)).toEqual([0, 0])
  })

  it('is ended from the start by a parent that has ended', () => {
    using scope = openAbortScope(new AbortController().signal, AbortSignal.abort('before'))
    expect(scope.signal.reason).toBe('before')
  })

  it('ends alone without ending its parents', () => {
    const parent = new AbortController()
    using scope = openAbortScope(parent.signal)
    scope.abort('mine')
    expect([scope.signal.reason, parent.signal.aborted]).toEqual(['mine', false])
  })

  it('leaves no listener behind when it is disposed', () => {
    const parent = new AbortController()
    for (let turn = 0; turn < 3; turn += 1) {
      using scope = openAbortScope(parent.signal)
      expect(getEventListeners(parent.signal, 'abort')).toHaveLength(1)
      expect(scope.signal.aborted).toBe(false)
    }
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0)
  })
})
