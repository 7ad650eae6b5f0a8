import { describe, expect, it } from 'vitest'
import { canonicalQuantity } from './quantity.ts'

describe('a quantity', () => {
  // What a real API server made of them, asked with a dry run.
  it.each([
    ['1', '1'],
    ['1000m', '1'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.5', '1500m'],
    ['2000', '2k'],
    ['100000m', '100'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['1000Ki', '1000Ki'],
    ['512', '512'],
    ['1e3', '1e3'],
    ['12E2', '1200'],
    ['0', '0'],
    ['0Gi', '0'],
    ['0.1m', '100u'],
    ['0.0000000001', '1n'],
    ['-1', '-1'],
    ['0.5Ki', '512'],
  ])('%s is written as %s', (given, expected) => expect(canonicalQuantity(given)).toBe(expected))

  it('of a list of resources has no parts finer than thousandths', () => {
    expect(['0.1m', '100u', '1.0001', '2'].map((text) => canonicalQuantity(text, true))).toEqual([
      '1m',
      '1m',
      '1001m',
      '2',
    ])
  })

  it.each(['', 'abc', '1GB', '1 Gi', '1.2.3', '--1', '1Ki2', 'Gi', '1e'])('%j is none', (given) =>
    expect(canonicalQuantity(given)).toBeUndefined(),
  )
})
