import type { Clock } from '../clock.ts'
import type { LiveRecords } from '../restart/live-records.ts'
import type { ClusterPool } from '../cluster/cluster-pool.ts'

/** Everything that the flow takes from outside. */
export interface AdapterDependencies {
  /** The server's own environment. */
  env: Readonly<Record<string, string | undefined>>
  clock: Clock
  clusters: ClusterPool
  fetch: typeof fetch
  /** Where the server has the data volume that pods see at this path; null when it has not. */
  serverPath: (dataMountPath: string) => string | null
  /** Jobs (by uid) that runs of this adapter follow right now. */
  followed: Set<string>
  /** Jobs (by uid) whose result was reported and that are being removed. */
  reported: Set<string>
  /** Jobs that a restarted server must take back; null where nothing is to be kept. */
  records: (adapterType: string) => LiveRecords | null
  /** For what concerns no run. */
  onWarning: (message: string) => void
}
