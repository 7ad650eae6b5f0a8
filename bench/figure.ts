/** One measured number and its target. */
export interface Figure {
  name: string
  value: number
  unit: string
  /** The bound, or null for a number that only informs. */
  target: number | null
  /** Which side of the target is better. */
  better: 'lower' | 'higher'
  /** Whether the target is met; true if there is none. */
  ok: boolean
}

/** What `bench/NAME.ts` exports as `bench`. */
export type Bench =
  | ((log: (text: string) => void) => Promise<Figure[]>)
  | { run: (log: (text: string) => void) => Promise<Figure[]> }

/** Creates a figure and compares it with its target. */
export function figure(
  name: string,
  value: number,
  unit: string,
  o: { target?: number; better?: 'lower' | 'higher' } = {},
): Figure {
  const { target = null, better = 'lower' } = o
  const ok = target === null || (better === 'lower' ? value <= target : value >= target)
  return { name, value: Number(value.toPrecision(4)), unit, target, better, ok }
}

/** The value below which the share `p` (0 to 1) of the samples lies. */
export function percentile(samples: readonly number[], p: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN
}
