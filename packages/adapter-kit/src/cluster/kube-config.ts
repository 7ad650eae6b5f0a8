import { statSync } from 'node:fs'
import { KubeConfig } from '@kubernetes/client-node'
import { AdapterError, messageOf } from '../adapter-error.ts'
import { errnoOf } from '../system-error.ts'

/** Where a cluster's configuration comes from. Two equal keys mean the same configuration. */
export type KubeConfigSource =
  | { kind: 'content'; key: string; content: string }
  | { kind: 'file'; key: string; path: string }
  | { kind: 'in-cluster'; key: string }
  | { kind: 'default'; key: string }

/** When the file was changed last, or what is wrong with it. */
function changedAt(path: string): number | string {
  try {
    return statSync(path).mtimeMs
  } catch (error) {
    const code = String(errnoOf(error) ?? 'unknown')
    return code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
  }
}

/** Decides where the configuration comes from: the setting (content or path), the pod's own account, or KUBECONFIG. */
export function kubeConfigSource(
  setting: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): KubeConfigSource {
  const text = setting?.trim()
  if (text) {
    const isContent = text.startsWith('{') || text.includes('\n') || text.startsWith('apiVersion:')
    if (isContent) return { kind: 'content', key: `content:${text}`, content: text }
    // A rotated file is another configuration.
    const changed = changedAt(text)
    if (typeof changed === 'string') {
      // What is no path may be the content itself, in a form that is not read, and hold a token.
      const named = /^\/[^\s]{1,300}$/.test(text) ? `The kubeconfig "${text}"` : 'The file that "kubeconfig" names'
      throw new AdapterError(
        'k8s_kubeconfig_invalid',
        `${named} ${changed} on the Paperclip server. Correct "kubeconfig" in the agent's settings, or put the file's content there.`,
      )
    }
    return { kind: 'file', key: `file:${text}:${changed}`, path: text }
  }
  if (env['KUBERNETES_SERVICE_HOST']) return { kind: 'in-cluster', key: 'in-cluster' }
  if (env['KUBECONFIG']) return { kind: 'default', key: `default:${env['KUBECONFIG']}` }
  throw new AdapterError(
    'k8s_cluster_unknown',
    'The Paperclip server runs outside of Kubernetes and no kubeconfig is set. Set "kubeconfig" in the agent\'s settings, or run the server as a pod with serviceAccount.automountToken=true.',
  )
}

/** Loads a configuration; errors say which one and what to do. */
export function loadKubeConfig(source: KubeConfigSource): KubeConfig {
  const config = new KubeConfig()
  try {
    if (source.kind === 'content') config.loadFromString(source.content)
    else if (source.kind === 'file') config.loadFromFile(source.path)
    else if (source.kind === 'in-cluster') config.loadFromCluster()
    else config.loadFromDefault()
  } catch (error) {
    const what =
      source.kind === 'file'
        ? `The kubeconfig ${source.path}`
        : source.kind === 'content'
          ? 'The kubeconfig in the settings'
          : 'The kubeconfig'
    // A parser shows the lines around what it did not understand, and with them the token: its first line says enough.
    const reason =
      messageOf(error)
        .split('\n')[0]
        ?.replace(/[.:\s]+$/, '') ?? ''
    throw new AdapterError(
      'k8s_kubeconfig_invalid',
      `${what} cannot be used: ${reason}. Correct it in the agent's settings.`,
    )
  }
  if (!config.getCurrentCluster()) {
    throw new AdapterError(
      'k8s_kubeconfig_invalid',
      'The kubeconfig names no current cluster. Set its current-context.',
    )
  }
  return config
}
