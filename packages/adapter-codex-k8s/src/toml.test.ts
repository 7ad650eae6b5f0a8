import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toToml } from './toml.ts'

describe('a TOML file', () => {
  it('has plain values first, then a table for each object', () => {
    expect(toToml({ b: { c: [1, 'x', true], d: { e: 'f' } }, a: 'v' })).toBe(
      '"a" = "v"\n["b"]\n"c" = [1, "x", true]\n["b"."d"]\n"e" = "f"',
    )
  })

  it('keeps every text and key on one line inside its quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, value) => {
        const [line = '', ...more] = toToml({ [key]: value }).split('\n')
        expect(more).toEqual([])
        const [, left = '', right = ''] = /^("(?:[^"\\]|\\.)*") = ("(?:[^"\\]|\\.)*")$/s.exec(line) ?? []
        expect([JSON.parse(left), JSON.parse(right)]).toEqual([key.toWellFormed(), value.toWellFormed()])
      }),
    )
  })
})
