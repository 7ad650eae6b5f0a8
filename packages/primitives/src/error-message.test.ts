import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { errorClause, errorMessage, systemErrorCode } from './error-message.ts'

const withCode = (code: unknown) => Object.assign(new Error(''), { code })

describe('the message of a thrown value', () => {
  it.each([
    ['an error', new Error('Disk full.'), 'Disk full.'],
    ['a string', 'no luck', 'no luck'],
    ['undefined', undefined, 'undefined'],
    ['an error without a message', new RangeError(''), 'RangeError'],
    ['a system error without a message', withCode('ECONNREFUSED'), 'ECONNREFUSED'],
    ['an aggregate', new AggregateError([new Error('a'), withCode('EIO'), new Error('a')]), 'a; EIO'],
    ['an empty aggregate', new AggregateError([]), 'AggregateError'],
    ['an empty string', '', 'unknown error'],
    ['an object without a prototype', Object.create(null), 'unknown error'],
  ])('is taken from %s', (_, error, message) => {
    expect(errorMessage(error)).toBe(message)
  })

  it('is text for anything that can be thrown', () => {
    const hostile = {
      toString() {
        throw new Error('not today')
      },
    }
    expect(errorMessage(hostile)).toBe('unknown error')
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }), (value) => {
        expect(errorMessage(value).length).toBeGreaterThan(0)
      }),
    )
  })

  it('loses one full stop inside a sentence', () => {
    expect(errorClause(new Error('It is full.'))).toBe('It is full')
    expect(errorClause(new Error('It is full'))).toBe('It is full')
  })
})

describe('the code of a system error', () => {
  it('is given only when it is text', () => {
    const values = [withCode('ENOENT'), { code: 'EIO' }, withCode(5), new Error('x'), null, undefined, 'ENOENT']
    expect(values.map(systemErrorCode)).toEqual([
      'ENOENT',
      'EIO',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})
