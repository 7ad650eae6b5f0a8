import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { compareResourceVersions } from './resource-version.ts'

it('orders versions as the numbers they are, beyond what a double can hold', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n, max: 2n ** 80n }), fc.bigInt({ min: 1n, max: 2n ** 80n }), (a, b) => {
      const sign = a < b ? -1 : Number(a > b)
      expect(Math.sign(compareResourceVersions(String(a), String(b)) ?? Number.NaN)).toBe(sign)
    }),
  )
})

it.each([
  [undefined, '1'],
  ['1', undefined],
  ['abc', '1'],
  ['', '1'],
  ['0', '1'],
  ['-5', '1'],
])('does not compare %s with %s', (a, b) => {
  expect(compareResourceVersions(a, b)).toBeUndefined()
})
