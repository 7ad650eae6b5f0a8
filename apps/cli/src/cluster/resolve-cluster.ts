import { currentContext, type KubeConfig } from '@agent-jobs/kube-api'
import type { Terminal } from '../output/terminal.ts'
import type { ClusterOptions } from './cluster-flags.ts'
import { loadKubeConfig } from './kube-config.ts'

/** The kubeconfig and the namespace that the options name. */
export function resolveCluster(
  { namespace, kubeconfig, context }: ClusterOptions,
  env: Terminal['env'],
  onWarning?: (message: string) => void,
): { kubeConfig: KubeConfig; namespace: string } {
  const kubeConfig = loadKubeConfig({ kubeconfig, context, env, onWarning })
  return { kubeConfig, namespace: namespace ?? currentContext(kubeConfig)?.namespace ?? 'default' }
}

/** A server's address for a person; its path may hold a token, as mini-kube's does. */
export function shownServer(server: string): string {
  return URL.parse(server)?.origin ?? 'an address that is not a URL'
}
