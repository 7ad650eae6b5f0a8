import { createJobRunner, type JobRunner } from '@agent-jobs/k8s-job-runner'
import type { Terminal } from '../output/terminal.ts'
import type { ClusterOptions } from './cluster-flags.ts'
import { withClient, type OpenClient } from './with-client.ts'

/** A namespace of a cluster, and the runs in it. */
export interface OpenCluster extends OpenClient {
  readonly runner: JobRunner
}

/** Opens the namespace that the options name, for the time of one call; warnings go to standard error. */
export async function withCluster<T>(
  options: ClusterOptions,
  terminal: Terminal,
  call: (cluster: OpenCluster) => Promise<T>,
): Promise<T> {
  return withClient(options, terminal, ({ client, namespace }) => {
    const runner = createJobRunner({ client, namespace, onWarning: ({ message }) => terminal.err(`! ${message}\n`) })
    return call({ client, runner, namespace })
  })
}
