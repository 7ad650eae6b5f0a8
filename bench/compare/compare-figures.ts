import { type Figure, median } from '../figure.ts'
import type { Result } from '../measurements.ts'

/** How one figure differs between two versions. */
export interface Change {
  name: string
  unit: string
  /** Medians. */
  before: number
  after: number
  percent: number
  /** `noise` unless every round of one version lies beyond every round of the other, and the medians by 3 %. */
  verdict: 'better' | 'worse' | 'noise'
}

const smallestPercent = 3
/** With fewer rounds on each side, separate ranges are likely by chance: 1 in 10 with three. */
const fewestRounds = 4

/**
 * Compares the figures of interleaved rounds. Five rounds each that do not overlap come about by chance once in 126 times
 * (10! / 5! 5! / 2).
 */
export function compareFigures(before: readonly Result[], after: readonly Result[]): Change[] {
  const olds = valuesByName(before)
  return [...valuesByName(after)].flatMap(([name, { figure, values }]) => {
    const old = olds.get(name)
    return old === undefined ? [] : [compare(figure, old.values, values)]
  })
}

function compare({ name, unit, better }: Figure, olds: readonly number[], news: readonly number[]): Change {
  const [before, after] = [median(olds), median(news)]
  const percent = before === after ? 0 : (100 * (after - before)) / Math.abs(before)
  const isLower = Math.max(...news) < Math.min(...olds)
  const isHigher = Math.min(...news) > Math.max(...olds)
  const hasEnough = olds.length >= fewestRounds && news.length >= fewestRounds
  const hasChanged = hasEnough && (isLower || isHigher) && Math.abs(percent) >= smallestPercent
  const isBetter = better === 'lower' ? isLower : isHigher
  return { name, unit, before, after, percent, verdict: hasChanged ? (isBetter ? 'better' : 'worse') : 'noise' }
}

function valuesByName(results: readonly Result[]): Map<string, { figure: Figure; values: number[] }> {
  const found = new Map<string, { figure: Figure; values: number[] }>()
  for (const result of results) {
    if (result.kind !== 'measured') continue
    for (const figure of result.figures) {
      const known = found.get(figure.name) ?? { figure, values: [] }
      known.values.push(figure.value)
      found.set(figure.name, known)
    }
  }
  return found
}
