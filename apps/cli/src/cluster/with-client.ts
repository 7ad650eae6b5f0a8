import { createKubeClient, currentContext, reportWatchProblems, type KubeClient } from '@agent-jobs/kube-api'
import type { ProcessObserver } from '@agent-jobs/metrics'
import { plain } from '../output/safe-text.ts'
import type { Terminal } from '../output/terminal.ts'
import type { ClusterOptions } from './cluster-flags.ts'
import { credentialsGate } from './credentials-gate.ts'
import { resolveCluster } from './resolve-cluster.ts'

/** A namespace of a cluster. */
export interface OpenClient {
  readonly client: KubeClient
  readonly namespace: string
}

/** Opens the cluster that the options name, for the time of one call. An observer sees its requests. */
export async function withClient<T>(
  options: ClusterOptions,
  terminal: Terminal,
  call: (cluster: OpenClient) => Promise<T>,
  observer?: ProcessObserver,
): Promise<T> {
  const warn = (message: string): void => terminal.err(`! ${plain(message)}\n`)
  const { kubeConfig, namespace } = resolveCluster(options, terminal.env, warn)
  const gate = credentialsGate(currentContext(kubeConfig)?.cluster.server ?? '')
  const reportProblem = reportWatchProblems(warn)
  const client = createKubeClient({
    kubeConfig,
    userAgent: 'agent-jobs-cli',
    onRequest(report) {
      gate.onRequest(report)
      observer?.requested(report)
    },
    onWatchProblem(problem) {
      observer?.watchRestarted(problem.watch)
      reportProblem(problem)
    },
  })
  try {
    return await gate.orRefused(call({ client, namespace }))
  } finally {
    await client.close()
  }
}
