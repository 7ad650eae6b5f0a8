import { openAbortScope } from '@agent-jobs/primitives'
import { withDeadline } from './deadline.ts'
import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createManualClock } from '../test/manual-clock.ts'

describe('a scope', () => {
  it('ends with any of its parents, and with its reason', () => {
    const [one, two] = [new AbortController(), new AbortController()]
    const scope = openAbortScope(one.signal, undefined, two.signal)
    two.abort('second')
    expect(scope.signal.reason).toBe('second')
    expect(openAbortScope(one.signal, two.signal).signal.reason).toBe('second')
  })

  it('leaves nothing on a long-lived parent', () => {
    const parent = new AbortController()
    for (let index = 0; index < 1_000; index += 1) {
      using scope = openAbortScope(parent.signal)
      expect(scope.signal.aborted).toBe(false)
    }
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0)
  })
})

describe('a deadline', () => {
  it('ends the scope of work that takes too long', async () => {
    const clock = createManualClock()
    const scope = openAbortScope()
    const late = withDeadline({ clock, ms: 10, reason: () => new Error('late'), scope }, async () => {
      await clock.sleep(1_000, scope.signal)
    })
    clock.advance(10)
    await expect(late).rejects.toThrow('late')
    expect(clock.sleeping).toEqual([])
  })

  it('leaves no timer behind and does not affect finished work', async () => {
    const clock = createManualClock()
    const scope = openAbortScope()
    expect(
      await withDeadline({ clock, ms: 10, reason: () => new Error('late'), scope }, () => Promise.resolve(5)),
    ).toBe(5)
    expect([clock.sleeping, scope.signal.aborted]).toEqual([[], false])
  })
})
