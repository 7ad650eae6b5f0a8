import { createJobRunner, type JobRunner } from '@agent-jobs/k8s-job-runner'
import { createProcessMetrics, createRunMetrics, openTotalsFile, startMetricsServer } from '@agent-jobs/metrics'
import { errorMessage } from '@agent-jobs/primitives'
import { Registry } from 'prom-client'
import { agentNamed } from '../agents/agents.ts'
import { refuseAbsentNamespace } from '../cluster/absent-namespace.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withClient } from '../cluster/with-client.ts'
import { countRuns } from '../metrics/count-runs.ts'
import { jsonLine, plain } from '../output/safe-text.ts'
import type { Terminal } from '../output/terminal.ts'
import { portTaken } from './port-taken.ts'

/** The flags of `agent-jobs metrics`. */
export interface MetricsOptions extends ClusterOptions {
  readonly allNamespaces?: boolean
  readonly port: number
  readonly host: string
  readonly state?: string
  readonly json?: boolean
}

/** Serves metrics of the runs that are started without Paperclip, until a signal comes. */
export async function metrics(flags: MetricsOptions, terminal: Terminal): Promise<void> {
  const onError = (error: unknown): void => terminal.err(`! ${plain(errorMessage(error))}\n`)
  const registry = new Registry()
  const processMetrics = createProcessMetrics({ registry, spoolBytes: () => 0 })
  const counters = await createRunMetrics({
    registry,
    file: flags.state === undefined ? undefined : openTotalsFile(flags.state),
    onError,
  })
  const stop = new AbortController()
  const stopListening = terminal.onSignal(() => stop.abort())
  try {
    await withClient(
      flags,
      terminal,
      async (cluster) => {
        const { client, namespace } = cluster
        if (!flags.allNamespaces) await refuseAbsentNamespace(cluster)
        await using server = await startMetricsServer({ registry, port: flags.port, host: flags.host }).catch(
          (cause: unknown) => {
            throw portTaken(cause, flags.port)
          },
        )
        const where = flags.allNamespaces ? undefined : namespace
        if (flags.json) terminal.out(jsonLine({ url: server.url, namespace: where ?? null }))
        else
          terminal.out(`Metrics of ${where === undefined ? 'all namespaces' : where} at ${server.url} until Ctrl-C.\n`)
        const runners = new Map<string, JobRunner>()
        const runner = (name: string): JobRunner => {
          const known =
            runners.get(name) ??
            createJobRunner({ client, namespace: name, onWarning: ({ message }) => onError(message) })
          runners.set(name, known)
          return known
        }
        await countRuns({
          client,
          namespace: where,
          runner,
          metrics: counters,
          agentNamed,
          now: () => performance.now(),
          onError,
          signal: stop.signal,
        })
      },
      processMetrics,
    )
  } finally {
    stop.abort()
    stopListening()
  }
}
