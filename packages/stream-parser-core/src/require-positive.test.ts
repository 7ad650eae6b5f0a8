import { describe, expect, it } from 'vitest'
import { requirePositive } from './require-positive.ts'

describe('an option that must be positive', () => {
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('is refused as %d', (value) => {
    expect(() => requirePositive('bound', value)).toThrow(
      new TypeError(`Expected \`bound\` to be a positive number, got \`${value}\``),
    )
  })

  it.each([0.5, 1, 1e9])('is taken as %d', (value) => expect(() => requirePositive('bound', value)).not.toThrow())
})
