import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTokenFinder, matchesAny, tokensOf } from './find-tokens.ts'

const part = (text: string): Buffer => Buffer.from(text)

describe('the token finder', () => {
  it('returns the tokens of each line, in any order', () => {
    const find = createTokenFinder(['alpha', 'beta'])
    expect(find(part('beta then alpha'), '.')).toEqual(new Set(['alpha', 'beta']))
    expect(find(part('alpha'), '.')).toEqual(new Set(['alpha']))
    expect(find(part('none'), '$')).toEqual(new Set())
  })

  it('returns null before the line is whole, and forgets it afterwards', () => {
    const find = createTokenFinder(['alpha'])
    expect(find(part('alpha'), '+')).toBeNull()
    expect(find(part(' rest'), '.')).toEqual(new Set(['alpha']))
    expect(find(part(' rest'), '.')).toEqual(new Set())
  })

  it('finds a token of one byte', () => {
    const find = createTokenFinder(['x'])
    expect(find(part('a'), '+')).toBeNull()
    expect(find(part('x'), '.')).toEqual(new Set(['x']))
    expect(find(part('a'), '.')).toEqual(new Set())
  })

  it('finds what a search of the whole line finds, wherever the line is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 })
    const token = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 })
    const tokens = fc.array(token, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.array(fc.array(text, { minLength: 1 }), { minLength: 1 }), tokens, (lines, wanted) => {
        const find = createTokenFinder(wanted)
        for (const parts of lines) {
          const answers = parts.map((item, index) => find(part(item), index === parts.length - 1 ? '.' : '+'))
          expect(answers.at(-1)).toEqual(new Set(wanted.filter((item) => parts.join('').includes(item))))
          expect(answers.slice(0, -1).every((answer) => answer === null)).toBe(true)
        }
      }),
    )
  })
})

describe('a list of patterns', () => {
  const patterns = [{ includes: ['a', 'b'], unless: [['c', 'd'], ['e']] }, { includes: ['z'] }]

  it.each([
    ['all strings of one pattern', 'ab', true],
    ['the other pattern', 'z', true],
    ['a part of the strings', 'a', false],
    ['a part of an exception', 'abc', true],
    ['a whole exception', 'abcd', false],
    ['another exception', 'abe', false],
    ['an exception of the other pattern', 'zcd', true],
  ])('is asked about a line with %s', (_, line, matches) => {
    const find = createTokenFinder(tokensOf(patterns))
    expect(matchesAny(patterns, find(part(line), '.') ?? new Set())).toBe(matches)
  })

  it('matches nothing when it is missing', () => {
    expect(matchesAny(undefined, new Set(['a']))).toBe(false)
    expect(tokensOf(undefined)).toEqual([])
  })
})
