export { startMetricsServer, type MetricsServer, type MetricsServerOptions } from './metrics-server.ts'
export {
  createProcessMetrics,
  type ObservedRequest,
  type ProcessMetricsOptions,
  type ProcessObserver,
} from './process-metrics.ts'
export { createRunMetrics, type RunMetricsOptions } from './run-metrics.ts'
export type {
  ObservedEnd,
  ObservedRun,
  ObservedUsage,
  PhaseDurations,
  RunObservation,
  RunObserver,
  RunPhase,
} from './run-observer.ts'
export { openTotalsFile, TotalsFileError, type TotalsFile } from './totals-file.ts'
export type { TotalsSnapshot } from './totals.ts'
