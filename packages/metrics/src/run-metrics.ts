import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { createLabelLimit } from './bounded-labels.ts'
import type { ObservedEnd, ObservedRun, RunObservation, RunObserver } from './run-observer.ts'
import type { TotalsFile } from './totals-file.ts'
import { createTotals, type CounterName, type Totals } from './totals.ts'

/** Options of the run metrics. */
export interface RunMetricsOptions {
  readonly registry: Registry
  /** Keeps the counters across restarts. Default: they start at zero with the process. */
  readonly file?: TotalsFile | undefined
  /** Most distinct values of each of the labels `agent`, `company` and `model`; later ones become `other`. Default 200. */
  readonly maxLabelValues?: number | undefined
  /** Monotonic milliseconds. Default: the process's own. */
  readonly now?: (() => number) | undefined
  /** Called for errors of the file. Metrics never fail a run. */
  readonly onError: (error: unknown) => void
}

const counterHelp: Readonly<Record<CounterName, { help: string; labels: string[] }>> = {
  runs_total: { help: 'Runs that ended, by outcome and error code.', labels: ['adapter', 'outcome', 'error_code'] },
  adopted_runs_total: { help: 'Runs that ended after they had adopted a Job.', labels: ['adapter'] },
  tokens_total: { help: 'Tokens of runs that ended.', labels: ['adapter', 'company', 'agent', 'model', 'type'] },
  cost_nano_usd_total: {
    help: 'Cost of runs that ended, in US dollars.',
    labels: ['adapter', 'company', 'agent', 'model'],
  },
  incomplete_outputs_total: { help: 'Runs that ended and whose output was not read completely.', labels: ['adapter'] },
}
const publicName = (name: CounterName): string => `agent_jobs_${name.replace('nano_usd', 'usd')}`
// Runs take between a second and a day.
const buckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400]

/**
 * Counts runs for Prometheus. The counters of runs, tokens and cost are on disk before a result is returned: they never
 * decrease, and no run is counted twice, when the process is killed and restarted.
 */
export async function createRunMetrics(options: RunMetricsOptions): Promise<RunObserver> {
  const { registry, file, maxLabelValues = 200, now = () => performance.now(), onError } = options
  const registers = [registry]
  const totals = createTotals((await file?.load()) ?? null)
  exposeTotals(totals, registry)
  const limits = limitLabels(totals, maxLabelValues)
  const active = new Gauge({
    name: 'agent_jobs_active_runs',
    help: 'Runs that this process works on, by state: waiting for another run of the agent, or live.',
    labelNames: ['adapter', 'state'],
    registers,
  })
  const phases = new Histogram({
    name: 'agent_jobs_run_phase_seconds',
    help: 'Time that a run spends in a phase.',
    labelNames: ['adapter', 'phase'],
    buckets,
    registers,
  })
  const gaps = new Counter({
    name: 'agent_jobs_output_gaps_total',
    help: 'Places in the output of runs where lines are missing, by reason.',
    labelNames: ['adapter', 'reason'],
    registers,
  })
  const save = async (): Promise<void> => {
    try {
      await file?.save(() => totals.snapshot())
    } catch (error) {
      onError(error)
    }
  }
  return {
    begin(run) {
      return observeRun({
        now,
        spent: (phase, ms) => phases.observe({ adapter: run.adapter, phase }, ms / 1000),
        gap: (reason) => gaps.inc({ adapter: run.adapter, reason }),
        active: (state, by) => active.inc({ adapter: run.adapter, state }, by),
        async ended(end) {
          if (!totals.add(limits.run(run), limits.end(end))) return
          for (const [phase, ms] of Object.entries(end.phases))
            phases.observe({ adapter: run.adapter, phase }, ms / 1000)
          await save()
        },
      })
    },
  }
}

/** Counters are read from the totals whenever they are scraped. */
function exposeTotals(totals: Totals, registry: Registry): void {
  for (const [name, { help, labels }] of Object.entries(counterHelp) as [
    CounterName,
    (typeof counterHelp)[CounterName],
  ][]) {
    const divisor = name === 'cost_nano_usd_total' ? 1e9 : 1
    const counter = new Counter({
      name: publicName(name),
      help,
      labelNames: labels,
      registers: [],
      collect() {
        this.reset()
        for (const series of totals.series(name)) this.inc(series.labels, series.value / divisor)
      },
    })
    registry.registerMetric(counter)
  }
}

/** Limits the labels that agents and companies choose. Values already counted keep their names. */
function limitLabels(totals: Totals, maxValues: number) {
  const limit = {
    company: createLabelLimit(maxValues),
    agent: createLabelLimit(maxValues),
    model: createLabelLimit(maxValues),
  }
  for (const { labels } of totals.series('tokens_total')) {
    limit.company(labels['company'] ?? '')
    limit.agent(labels['agent'] ?? '')
    limit.model(labels['model'] ?? '')
  }
  return {
    run: (run: ObservedRun): ObservedRun => ({
      ...run,
      companyId: limit.company(run.companyId),
      agentId: limit.agent(run.agentId),
    }),
    end: (end: ObservedEnd): ObservedEnd => ({ ...end, model: end.model === null ? null : limit.model(end.model) }),
  }
}

/** The states of one run, each counted once. */
function observeRun({
  now,
  active,
  gap,
  spent,
  ended,
}: {
  now: () => number
  active: (state: 'waiting' | 'live', by: 1 | -1) => void
  gap: (reason: string) => void
  spent: (phase: 'wait' | 'clean_up', ms: number) => void
  ended: (end: ObservedEnd) => Promise<void>
}): RunObservation {
  let state: 'waiting' | 'live' | null = 'live'
  let since = now()
  active('live', 1)
  const enter = (next: 'waiting' | 'live' | null): void => {
    if (state === null || state === next) return
    active(state, -1)
    if (state === 'waiting') spent('wait', now() - since)
    since = now()
    if (next !== null) active(next, 1)
    state = next
  }
  return {
    waiting: (isWaiting) => enter(isWaiting ? 'waiting' : 'live'),
    gap,
    cleanedUp: (ms) => spent('clean_up', ms),
    left: () => enter(null),
    ended(end) {
      enter(null)
      return ended(end)
    },
  }
}
