import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { proxyFromEnvironment } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { CliError } from '../cli-error.ts'
import { fileReason } from '../input/file-reason.ts'

/** Which kubeconfig, and which context in it. */
export interface KubeConfigOptions {
  readonly kubeconfig?: string
  readonly context?: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * Loads the kubeconfig as kubectl does: the option, then KUBECONFIG, then ~/.kube/config, then the pod's own account; the way
 * to the server is the kubeconfig's proxy, or that of HTTPS_PROXY and NO_PROXY.
 */
export function loadKubeConfig(options: KubeConfigOptions): KubeConfig {
  const config = new KubeConfig()
  const files = options.kubeconfig
    ? [options.kubeconfig]
    : (options.env['KUBECONFIG'] ?? '').split(delimiter).filter(Boolean)
  const own = join(options.env['HOME'] ?? homedir(), '.kube', 'config')
  const wanted = files.length > 0 ? files : existsSync(own) ? [own] : []
  try {
    // Unlike kubectl, a named file that does not exist is an error: a typing mistake must not choose another cluster.
    for (const [at, file] of wanted.entries()) {
      if (at === 0) config.loadFromFile(file)
      else {
        const other = new KubeConfig()
        other.loadFromFile(file)
        config.mergeConfig(other, true)
      }
    }
    if (wanted.length === 0 && options.env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster()
  } catch (cause) {
    throw new CliError(
      'kubeconfig_unusable',
      `Cannot read the kubeconfig ${wanted.join(', ')}: ${fileReason(cause)}. Pass --kubeconfig FILE or correct KUBECONFIG.`,
      { cause },
    )
  }
  if (options.context !== undefined) {
    const known = config.getContexts().map((context) => context.name)
    if (!known.includes(options.context)) {
      const list = known.length === 0 ? 'none' : known.join(', ')
      throw new CliError(
        'kubeconfig_unusable',
        `There is no context "${options.context}" in the kubeconfig; known: ${list}. Pass one of those to --context.`,
      )
    }
    config.setCurrentContext(options.context)
  }
  const cluster = config.getCurrentCluster()
  if (!cluster) {
    const where = wanted.length === 0 ? 'neither --kubeconfig, KUBECONFIG nor ~/.kube/config' : wanted.join(', ')
    throw new CliError(
      'kubeconfig_unusable',
      `There is no cluster to talk to: ${where} names one. Pass --kubeconfig FILE or try \`agent-jobs demo\`, which brings its own.`,
    )
  }
  const proxyUrl = cluster.proxyUrl ?? proxyFromEnvironment(cluster.server, options.env)
  if (proxyUrl !== undefined) {
    config.clusters = config.clusters.map((each) => (each.name === cluster.name ? { ...each, proxyUrl } : each))
  }
  return config
}
