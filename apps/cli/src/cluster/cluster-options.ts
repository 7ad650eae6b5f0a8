import { createJobRunner, type JobRunner } from '@agent-jobs/k8s-job-runner'
import {
  createKubeClient,
  currentContext,
  isForbidden,
  isNotFound,
  kinds,
  type KubeClient,
  type KubeConfig,
} from '@agent-jobs/kube-api'
import { CliError } from '../errors/cli-error.ts'
import type { ClusterOptions } from './cluster-flags.ts'
import { loadKubeConfig } from './kube-config.ts'
import type { Terminal } from '../output/terminal.ts'

/** A namespace of a cluster, and the runs in it. */
export interface OpenCluster {
  readonly client: KubeClient
  readonly runner: JobRunner
  readonly namespace: string
}

/** The kubeconfig and the namespace that the options name. */
export function resolveCluster(
  { namespace, kubeconfig, context }: ClusterOptions,
  env: Terminal['env'],
  onWarning?: (message: string) => void,
): { kubeConfig: KubeConfig; namespace: string } {
  const kubeConfig = loadKubeConfig({ kubeconfig, context, env, onWarning })
  return { kubeConfig, namespace: namespace ?? currentContext(kubeConfig)?.namespace ?? 'default' }
}

/** Opens the namespace that the options name, for the time of one call; warnings go to standard error. */
export async function withCluster<T>(
  options: ClusterOptions,
  terminal: Terminal,
  call: (cluster: OpenCluster) => Promise<T>,
): Promise<T> {
  const { kubeConfig, namespace } = resolveCluster(options, terminal.env, (message) => terminal.err(`! ${message}\n`))
  const client = createKubeClient({ kubeConfig, userAgent: 'agent-jobs-cli' })
  try {
    const runner = createJobRunner({ client, namespace, onWarning: ({ message }) => terminal.err(`! ${message}\n`) })
    return await call({ client, runner, namespace })
  } finally {
    await client.close()
  }
}

/** A server's address for a person; its path may hold a token, as mini-kube's does. */
export function shownServer(server: string): string {
  return URL.parse(server)?.origin ?? 'an address that is no URL'
}

/** Says so where there is nothing to see because there is no such namespace; one that may not be looked at counts as there. */
export async function refuseAbsentNamespace({ client, namespace }: OpenCluster): Promise<void> {
  try {
    await client.get(kinds.Namespace, { name: namespace })
  } catch (cause) {
    if (isForbidden(cause)) return
    if (!isNotFound(cause)) throw cause
    throw new CliError(
      'no_namespace',
      `There is no namespace ${namespace} at ${shownServer(client.server)}. Pass another --namespace or --context.`,
      { cause },
    )
  }
}
