import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineMatcher } from './match-lines.ts'

const part = (text: string): Buffer => Buffer.from(text)

describe('the line matcher', () => {
  it('wants all tokens in one line, in any order', () => {
    const match = createLineMatcher(['alpha', 'beta'])
    expect(match(part('beta then alpha'), '.')).toBe(true)
    expect(match(part('alpha'), '.')).toBe(false)
    expect(match(part('beta'), '.')).toBe(false)
    expect(match(part('alphabeta'), '$')).toBe(true)
  })

  it('says nothing before the line is whole', () => {
    const match = createLineMatcher(['alpha'])
    expect(match(part('alpha'), '+')).toBe(false)
    expect(match(part(' rest'), '.')).toBe(true)
    expect(match(part(' rest'), '.')).toBe(false)
  })

  it('matches no line without tokens', () => {
    expect(createLineMatcher(undefined)(part('anything'), '.')).toBe(false)
  })

  it('finds a token of one byte', () => {
    const match = createLineMatcher(['x'])
    expect([match(part('a'), '+'), match(part('x'), '.'), match(part('a'), '.')]).toEqual([false, true, false])
  })

  it('answers as a search of the whole line does, wherever the line is cut', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 })
    const token = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 5 })
    const tokens = fc.array(token, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.array(fc.array(text, { minLength: 1 }), { minLength: 1 }), tokens, (lines, wanted) => {
        const match = createLineMatcher(wanted)
        for (const parts of lines) {
          const answers = parts.map((item, index) => match(part(item), index === parts.length - 1 ? '.' : '+'))
          expect(answers.at(-1)).toBe(wanted.every((item) => parts.join('').includes(item)))
          expect(answers.slice(0, -1)).not.toContain(true)
        }
      }),
    )
  })
})
