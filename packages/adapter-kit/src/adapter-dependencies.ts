import type { ProcessObserver, RunObserver } from '@agent-jobs/metrics'
import type { Clock } from '@agent-jobs/primitives'
import type { RunTracer } from '@agent-jobs/tracing'
import type { LiveRecords } from './restart/live-records.ts'
import type { ProcessState } from './restart/process-state.ts'
import type { AdapterLog, LogFields } from './observe/adapter-log.ts'
import type { ClusterPool } from './cluster/cluster-pool.ts'

/** Everything that the flow takes from outside. */
export interface AdapterDependencies {
  /** The server's own environment. */
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  clusters: ClusterPool
  fetch: typeof fetch
  /** Where the server mounts the data volume that pods see at this path; null when it does not mount it. */
  serverPath: (dataMountPath: string) => string | null
  /** What is known of the other runs of this process. */
  state: ProcessState
  /** Jobs that a restarted server must reattach to; null when no records are kept. */
  records: (adapterType: string) => LiveRecords | null
  /** The version of the running Paperclip; null when it is not known. */
  paperclipVersion: string | null
  /** Sees every run, and the requests of this process, for metrics. */
  observer: RunObserver & ProcessObserver
  /** Traces every run. */
  tracer: RunTracer
  /** The adapter's own log, apart from the output of agents. */
  log: AdapterLog
  /** For warnings of the server; `about` has a stable `code`, and the run where there is one. */
  onWarning: (message: string, about?: LogFields) => void
}
