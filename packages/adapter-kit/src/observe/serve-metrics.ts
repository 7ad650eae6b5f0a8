import {
  createProcessMetrics,
  createRunMetrics,
  openTotalsFile,
  startMetricsServer,
  type ProcessObserver,
  type RunObserver,
} from '@agent-jobs/metrics'
import { Registry } from 'prom-client'

/** What the metrics of a process need. */
export interface ServeMetricsOptions {
  readonly port: number
  /** Where the counters are kept over restarts. */
  readonly file: string
  readonly spoolBytes: () => number
  readonly onError: (error: unknown) => void
}

/** Serves metrics. A module of its own, loaded only where they are on: Prometheus' client brings OpenTelemetry's API with it. */
export async function serveMetrics(options: ServeMetricsOptions): Promise<RunObserver & ProcessObserver> {
  const { port, file, spoolBytes, onError } = options
  const registry = new Registry()
  const runs = await createRunMetrics({ registry, file: openTotalsFile(file), onError })
  const process = createProcessMetrics({ registry, spoolBytes })
  await startMetricsServer({ registry, port })
  return { ...runs, ...process }
}
