import { createJobRunner, type JobRunner } from '@agent-jobs/k8s-job-runner'
import { createKubeClient, isForbidden, isNotFound, kinds, type KubeClient } from '@agent-jobs/kube-api'
import type { KubeConfig } from '@kubernetes/client-node'
import { Argument, type Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { loadKubeConfig } from './kube-config.ts'
import { readLabel, readObjectName } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'

/** What every command that talks to a cluster takes. */
export interface ClusterOptions {
  readonly namespace?: string
  readonly kubeconfig?: string
  readonly context?: string
}

/** A namespace of a cluster, and the runs in it. */
export interface OpenCluster {
  readonly client: KubeClient
  readonly runner: JobRunner
  readonly namespace: string
}

/** Adds the options that say which namespace of which cluster. */
export function addClusterOptions(command: Command): Command {
  return addKubeConfigOptions(
    command.option('-n, --namespace <name>', "namespace of the Jobs (default: the context's)", readLabel),
  )
}

/** Adds the options that say which cluster. */
export function addKubeConfigOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'kubeconfig (default: KUBECONFIG, then ~/.kube/config)')
    .option('--context <name>', 'context in it')
}

/** The argument that names a run, for the commands that look at one. */
export function jobArgument(): Argument {
  return new Argument('<job>', 'name of the Job, as `agent-jobs ps` shows it').argParser(readObjectName)
}

/** The kubeconfig and the namespace that the options name. */
export function resolveCluster(
  { namespace, kubeconfig, context }: ClusterOptions,
  env: Terminal['env'],
): { kubeConfig: KubeConfig; namespace: string } {
  const kubeConfig = loadKubeConfig({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    env,
  })
  const current = kubeConfig.getContextObject(kubeConfig.getCurrentContext())
  return { kubeConfig, namespace: namespace ?? current?.namespace ?? 'default' }
}

/** Opens the namespace that the options name, for the time of one call; warnings go to standard error. */
export async function withCluster<T>(
  options: ClusterOptions,
  terminal: Terminal,
  call: (cluster: OpenCluster) => Promise<T>,
): Promise<T> {
  const { kubeConfig, namespace } = resolveCluster(options, terminal.env)
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
