/** One measured number and its target. */
export interface Figure {
  /** Unique within its measurement; documents quote a figure by it. */
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

/** How a cost grows with size, for a plot. */
export interface Series {
  name: string
  /** What is counted, as the axis says it. */
  size: string
  /** Unit of the cost. */
  unit: string
  points: (readonly [size: number, cost: number])[]
}

/** What a measurement found. */
export interface Measurement {
  figures: Figure[]
  series: Series[]
}

/** How thoroughly to measure. */
export interface BenchOptions {
  /** Fewer rounds and smaller sizes: for many measurements in a row, such as a comparison. */
  quick: boolean
}

/** What `bench/NAME.ts` exports as `bench`. */
export type Bench = (log: (text: string) => void, options: BenchOptions) => Promise<Figure[] | Measurement>

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

/** The middle of the samples. */
export const median = (samples: readonly number[]): number => percentile(samples, 0.5)

/** Processor time of this thread in ms: other processes, and other load on the machine, do not count. */
export function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
