import { describe, expect, it } from 'vitest'
import { createRecentSet } from './recent-set.ts'

describe('a recent set', () => {
  it('knows an id that came before', () => {
    const set = createRecentSet(2)
    expect([set.isNew('a'), set.isNew('a'), set.isNew('b'), set.isNew('a')]).toEqual([true, false, true, false])
  })

  it('forgets the oldest beyond its size', () => {
    const set = createRecentSet(2)
    for (const id of ['a', 'b', 'c']) set.isNew(id)
    expect([set.isNew('b'), set.isNew('c'), set.isNew('a')]).toEqual([false, false, true])
  })

  it('takes whatever has no id, an empty or an endless one for new', () => {
    const set = createRecentSet(2)
    for (const id of [null, '', 'x'.repeat(201)]) expect([set.isNew(id), set.isNew(id)]).toEqual([true, true])
  })
})
