import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bounded, isJsonObject, listOf, memberOf, numberOf, objectOf, parseJson, textOf } from './json.ts'

describe('parsed JSON', () => {
  it('is undefined for what is none, also when it nests too deep', () => {
    expect(parseJson('{"a":')).toBeUndefined()
    expect(() => parseJson('['.repeat(1_000_000))).not.toThrow()
    expect(parseJson('null')).toBeNull()
  })

  it('is an object only when it is neither an array nor null', () => {
    expect([{}, [], null, 'x', 1, undefined].map(isJsonObject)).toEqual([true, false, false, false, false, false])
  })

  it('is read by type, and as nothing where the type is another', () => {
    const value = { text: 'a', number: 1, list: [1], object: { b: 2 }, infinite: Number.POSITIVE_INFINITY }
    expect([textOf(value, 'text'), textOf(value, 'number'), textOf(null, 'text')]).toEqual(['a', null, null])
    expect([numberOf(value, 'number'), numberOf(value, 'infinite'), numberOf(value, 'text')]).toEqual([1, null, null])
    expect([listOf(value, 'list'), listOf(value, 'object')]).toEqual([[1], []])
    expect([objectOf(value, 'object'), objectOf(value, 'list')]).toEqual([{ b: 2 }, null])
    expect(memberOf(undefined, 'text')).toBeUndefined()
  })

  it('keeps a member called __proto__ as one like any other', () => {
    const value = parseJson('{"__proto__":{"a":1}}')
    expect(isJsonObject(value) && textOf(value, 'a')).toBeNull()
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })
})

describe('a bounded string', () => {
  it('is the beginning of the string, surrogates included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(20), (text, max) => {
        expect(bounded(text, max)).toBe(text.slice(0, max))
      }),
    )
  })
})
