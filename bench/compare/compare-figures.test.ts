import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { figure } from '../figure.ts'
import type { Result } from '../measurements.ts'
import { compareFigures } from './compare-figures.ts'

const rounds = (values: readonly number[], better: 'lower' | 'higher' = 'lower'): Result[] =>
  values.map((value) => ({
    kind: 'measured',
    name: 'x',
    seconds: 1,
    load: 1,
    figures: [figure('time', value, 'ms', { better })],
    series: [],
  }))
const verdict = (before: number[], after: number[], better?: 'lower' | 'higher') =>
  compareFigures(rounds(before, better), rounds(after, better))[0]?.verdict

describe('a comparison of two versions', () => {
  it('calls a figure worse when every round is beyond every round before', () => {
    expect(verdict([10, 11, 10, 12, 10], [13, 14, 13, 15, 13])).toBe('worse')
    expect(verdict([10, 11, 10, 12, 10], [13, 14, 13, 15, 13], 'higher')).toBe('better')
    expect(verdict([13, 14, 13, 15, 13], [10, 11, 10, 12, 10])).toBe('better')
  })

  it('calls overlapping ranges, small changes and few rounds noise', () => {
    expect(verdict([10, 11, 10, 12, 10], [13, 14, 11.5, 15, 13])).toBe('noise')
    expect(verdict([100, 100, 100, 100, 100], [102, 102, 102, 102, 102])).toBe('noise')
    expect(verdict([10, 10, 10], [20, 20, 20])).toBe('noise')
  })

  it('gives medians and their difference', () => {
    expect(compareFigures(rounds([10, 30, 20, 10, 20]), rounds([40, 30, 35, 30, 31]))).toEqual([
      { name: 'time', unit: 'ms', before: 20, after: 31, percent: 55, verdict: 'noise' },
    ])
  })

  it('leaves out figures that only one version has', () => {
    const [first] = rounds([1])
    const other = { ...first, figures: [figure('memory', 1, 'KB')] } as Result
    expect(compareFigures([other], rounds([1]))).toEqual([])
  })

  it('does not find a change in two samples of one distribution more often than by chance', () => {
    let changes = 0
    const sample = fc.array(fc.double({ min: 1, max: 2, noNaN: true }), { minLength: 5, maxLength: 5 })
    fc.assert(
      fc.property(sample, sample, (before, after) => {
        if (verdict(before, after) !== 'noise') changes += 1
      }),
      { numRuns: 2_000, seed: 7 },
    )
    expect(changes).toBeLessThan(80)
  })
})
