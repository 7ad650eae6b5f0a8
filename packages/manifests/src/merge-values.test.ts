import { describe, expect, it } from 'vitest'
import { mergeValues } from './merge-values.ts'

describe('mergeValues', () => {
  it('merges maps member by member', () => {
    expect(mergeValues({ a: { b: 1, c: { d: 2 } } }, { a: { c: { e: 3 } } })).toEqual({
      a: { b: 1, c: { d: 2, e: 3 } },
    })
  })

  it('replaces lists and scalars as a whole', () => {
    expect(mergeValues({ a: [1, 2], b: 'x', c: { d: 1 } }, { a: [3], b: '', c: 'y' })).toEqual({
      a: [3],
      b: '',
      c: 'y',
    })
  })

  it('removes a member that is set to null', () => {
    expect(mergeValues({ a: 1, b: { c: 2 } }, { a: null, b: { c: null } })).toEqual({ b: {} })
  })
})
