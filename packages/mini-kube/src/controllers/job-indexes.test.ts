import { assert, nat, property, uniqueArray } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countIndexes, formatIndexes, parseIndexes } from './job-indexes.ts'

describe('the indexes of a Job', () => {
  it.each([
    ['', []],
    ['0', [0]],
    ['0,1', [0, 1]],
    ['0-2', [0, 1, 2]],
    ['0,2-4,7,8', [0, 2, 3, 4, 7, 8]],
  ])('writes %j', (text, indexes) => {
    expect(formatIndexes(new Set(indexes))).toBe(text)
    expect([...parseIndexes(text, 10)]).toEqual(indexes)
  })

  it('reads what it wrote, whatever the indexes are', () => {
    assert(
      property(uniqueArray(nat(60)), (indexes) => {
        const text = formatIndexes(new Set(indexes))
        expect(parseIndexes(text, 61)).toEqual(new Set(indexes))
        expect(countIndexes(text, 61)).toEqual({ total: indexes.length })
      }),
    )
  })

  it('leaves out indexes beyond the size of a shrunk Job', () => {
    expect([...parseIndexes('0-9', 3)]).toEqual([0, 1, 2])
  })

  it.each([
    [
      '1-2-3',
      `the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
    ],
    ['a', 'cannot convert string to integer for index: "a"'],
    ['7', 'too large index: "7"'],
    ['0-7', 'too large index: "7"'],
    ['2-1', 'non-increasing order, previous: 2, current: 1'],
    ['2,1', 'non-increasing order, previous: 2, current: 1'],
  ])('says what is wrong with %j', (text, why) => {
    expect(countIndexes(text, 5)).toEqual({ why })
  })
})
