import { expect, it } from 'vitest'
import { quantityValue } from './quantity.ts'

it.each([
  ['1500m', 1.5],
  ['2', 2],
  ['.5', 0.5],
  ['2Gi', 2 * 2 ** 30],
  ['2G', 2e9],
  ['1e3', 1000],
  ['12E', 12e18],
  ['-1', null],
  ['+1', null],
  ['8 gigs', null],
  // Answered by a real API server; `1K` is a common slip.
  ['1.', 1],
  ['1E', 1e18],
  ['1E3', 1000],
  ['1K', null],
  ['1ki', null],
  ['1ni', null],
  ['1e', null],
  ['1mi', null],
  ['', null],
])('reads the quantity %s as %s', (text, value) => {
  expect(quantityValue(text)).toBe(value)
})
