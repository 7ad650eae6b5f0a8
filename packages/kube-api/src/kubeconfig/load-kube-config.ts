import { systemErrorCode } from '@agent-jobs/primitives'
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'

import { KubeError } from '../kube-error.ts'
import { proxyFromEnvironment, type ProxyEnvironment } from '../proxy-from-environment.ts'
import { folderOf } from './entry-fields.ts'
import { inClusterConfig } from './in-cluster-config.ts'
import { mergeKubeConfigs, parseKubeConfigDocument, type KubeConfigDocument } from './kube-config-document.ts'
import { invalidKubeConfig } from './kube-config-error.ts'
import type { KubeConfig } from './kube-config.ts'
import { selectContext } from './parse-kube-config.ts'
import { readSmallFile } from './read-kube-config-file.ts'
import type { KubeConfigTrust } from './trust.ts'

/** Options of {@link loadKubeConfig}. */
export interface LoadKubeConfigOptions {
  /** A file that must exist, as with `kubectl --kubeconfig`. Default: KUBECONFIG, ~/.kube/config, then the pod's account. */
  readonly path?: string | undefined
  /** Context to use instead of the current one. */
  readonly context?: string | undefined
  /** Whether to read ~/.kube/config if KUBECONFIG is not set. Default true; use false where others may write to HOME. */
  readonly homeFile?: boolean | undefined
  /** The environment that KUBECONFIG, HOME, KUBERNETES_SERVICE_HOST and the proxy variables are read from. */
  readonly env: ProxyEnvironment
  /** Default `plugins`: the files belong to the user who runs this process. */
  readonly trust?: KubeConfigTrust | undefined
  /** Called for missing files and ignored fields. */
  readonly onWarning?: ((message: string) => void) | undefined
}

function readDocument(path: string, trust: KubeConfigTrust): KubeConfigDocument | undefined {
  let text: string
  try {
    text = readSmallFile(path, { regularOnly: trust !== 'plugins' })
  } catch (cause) {
    if (KubeError.isInstance(cause)) throw cause
    const code = systemErrorCode(cause)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw invalidKubeConfig(`Cannot read the kubeconfig ${path} (${code || String(cause)}).`, cause)
  }
  return parseKubeConfigDocument(text, { folder: folderOf(resolve(path)), source: `the kubeconfig ${path}` })
}

/** The files that kubectl would read, in order, each once. */
function wantedFiles({ path, env, homeFile = true }: LoadKubeConfigOptions): { files: string[]; named: boolean } {
  if (path !== undefined) return { files: [path], named: true }
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '')
  if (listed.length > 0) return { files: [...new Set(listed)], named: true }
  return { files: homeFile ? [join(env['HOME'] || homedir(), '.kube', 'config')] : [], named: false }
}

function withProxy(config: KubeConfig, env: ProxyEnvironment): KubeConfig {
  const clusters = config.clusters.map((cluster) => ({
    ...cluster,
    proxyUrl: cluster.proxyUrl ?? proxyFromEnvironment(cluster.server, env),
  }))
  return { ...config, clusters }
}

/**
 * Loads the kubeconfig that kubectl would use, by the same rules of merging and precedence, and keeps its current
 * context. The proxy is the kubeconfig's `proxy-url`, else the one from HTTPS_PROXY and NO_PROXY.
 *
 * Throws a `KubeError`: `kubeconfig_missing` when no cluster is configured, `kubeconfig_invalid` when the configuration
 * is unusable, `kubeconfig_refused` when it requires more than `trust` allows.
 */
export function loadKubeConfig(options: LoadKubeConfigOptions): KubeConfig {
  const { path, context, env, trust = 'plugins', onWarning } = options
  const { files, named } = wantedFiles(options)
  const documents: KubeConfigDocument[] = []
  for (const file of files) {
    const document = readDocument(file, trust)
    if (document) documents.push(document)
    else if (path !== undefined) throw invalidKubeConfig(`The kubeconfig ${path} does not exist.`)
    else if (named) onWarning?.(`The file ${file} of KUBECONFIG does not exist.`)
  }
  const merged = mergeKubeConfigs(documents)
  const isEmpty = merged.clusters.size === 0 && merged.contexts.size === 0 && merged.currentContext === ''
  if (isEmpty && path === undefined && context === undefined) {
    const own = inClusterConfig(env)
    if (own) return withProxy(own, env)
  }
  if (isEmpty) {
    throw new KubeError({
      code: 'kubeconfig_missing',
      message: `No cluster is configured: ${files.length === 0 ? 'KUBECONFIG is not set' : `${files.join(', ')} ${documents.length === 0 ? 'does not exist' : 'names none'}`}. Set KUBECONFIG to a kubeconfig that names a cluster.`,
    })
  }
  return withProxy(selectContext(merged, { context, trust, onWarning }), env)
}
