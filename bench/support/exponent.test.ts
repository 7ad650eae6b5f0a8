import { describe, expect, it } from 'vitest'
import { exponentOf } from './exponent.ts'

describe('the exponent of growth', () => {
  it.each([
    [0, () => 5],
    [1, (size: number) => 3 * size],
    [2, (size: number) => size ** 2 / 7],
  ])('is %d for such costs', (exponent, cost) => {
    expect(exponentOf([1, 10, 100, 1_000].map((size) => [size, cost(size)] as const))).toBeCloseTo(exponent, 6)
  })
})
