import type { ObservedEnd, ObservedRun, ObservedUsage } from './run-observer.ts'

/** Labels of a time series. */
export type Labels = Readonly<Record<string, string>>

/** One time series of a counter. */
export interface Series {
  readonly labels: Labels
  readonly value: number
}

/** The counters that must survive the process, and the Jobs that they contain. */
export interface TotalsSnapshot {
  readonly version: 1
  readonly counters: Readonly<Record<CounterName, readonly Series[]>>
  /** Identities of the last Jobs, oldest first: a Job is counted once. */
  readonly jobs: readonly string[]
}

/** Counters by their names in Prometheus, without the prefix `agent_jobs_`. */
export type CounterName =
  | 'runs_total'
  | 'adopted_runs_total'
  | 'tokens_total'
  | 'cost_nano_usd_total'
  | 'incomplete_outputs_total'

const counterNames: readonly CounterName[] = [
  'runs_total',
  'adopted_runs_total',
  'tokens_total',
  'cost_nano_usd_total',
  'incomplete_outputs_total',
]
// More than can end between two snapshots.
const maxJobs = 5_000
const tokenTypes: Readonly<Record<keyof ObservedUsage, string>> = {
  inputTokens: 'input',
  outputTokens: 'output',
  cacheReadInputTokens: 'cache_read',
  cacheCreationInputTokens: 'cache_creation',
}

/** Counts runs. All values are integers, so that sums are exact. */
export interface Totals {
  /** Counts a run; false if its Job was already counted. */
  add(run: ObservedRun, end: ObservedEnd): boolean
  series(name: CounterName): Series[]
  snapshot(): TotalsSnapshot
}

/** Creates totals that continue a snapshot; `null` starts at zero. */
export function createTotals(from: TotalsSnapshot | null): Totals {
  const counters = new Map(counterNames.map((name) => [name, readSeries(from?.counters[name] ?? [])]))
  const jobs = new Set(from?.jobs)
  const count = (name: CounterName, labels: Labels, by: number): void => {
    if (by <= 0) return
    const series = counters.get(name) ?? new Map<string, Series>()
    const key = keyOf(labels)
    series.set(key, { labels, value: (series.get(key)?.value ?? 0) + by })
    counters.set(name, series)
  }
  const series = (name: CounterName): Series[] => [...(counters.get(name)?.values() ?? [])]
  return {
    add(run, end) {
      if (jobs.has(end.id)) return false
      jobs.add(end.id)
      for (const job of jobs) {
        if (jobs.size <= maxJobs) break
        jobs.delete(job)
      }
      const { adapter } = run
      const who = { adapter, company: run.companyId, agent: run.agentId, model: end.model ?? 'unknown' }
      count('runs_total', { adapter, outcome: end.outcome, error_code: end.errorCode ?? '' }, 1)
      if (end.adopted) count('adopted_runs_total', { adapter }, 1)
      if (end.outputComplete === false) count('incomplete_outputs_total', { adapter }, 1)
      for (const [member, type] of Object.entries(tokenTypes)) {
        count('tokens_total', { ...who, type }, end.usage[member as keyof ObservedUsage])
      }
      count('cost_nano_usd_total', who, Math.round((end.costUsd ?? 0) * 1e9))
      return true
    },
    series,
    snapshot: () => ({
      version: 1,
      counters: {
        runs_total: series('runs_total'),
        adopted_runs_total: series('adopted_runs_total'),
        tokens_total: series('tokens_total'),
        cost_nano_usd_total: series('cost_nano_usd_total'),
        incomplete_outputs_total: series('incomplete_outputs_total'),
      },
      jobs: [...jobs],
    }),
  }
}

function readSeries(series: readonly Series[]): Map<string, Series> {
  return new Map(series.map((each) => [keyOf(each.labels), each]))
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
