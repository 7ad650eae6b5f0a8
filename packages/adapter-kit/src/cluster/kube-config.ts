import { statSync } from 'node:fs'
import { delimiter } from 'node:path'
import { KubeError, loadKubeConfig, parseKubeConfig, type KubeConfig, type KubeConfigTrust } from '@agent-jobs/kube-api'
import { AdapterError } from '../adapter-error.ts'
import { loadPolicy } from '../policy/operator-policy.ts'
import { errnoOf } from '../system-error.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Where a cluster's configuration comes from. Two equal keys mean the same configuration. */
export type KubeConfigSource =
  | { kind: 'content'; key: string; content: string; trust: KubeConfigTrust }
  | { kind: 'file'; key: string; path: string; trust: KubeConfigTrust; env: Environment }
  /** Loaded by the creator of the pool. */
  | { kind: 'given'; key: string; config: KubeConfig }
  /** The server's own: KUBECONFIG, or the account of its pod. */
  | { kind: 'own'; key: string; env: Environment }

const remedy = 'An operator can allow more with "kubeconfigTrust" in the policy (AGENT_JOBS_POLICY).'

/** When the file was changed last, or what is wrong with it. */
function changedAt(path: string): number | string {
  try {
    return statSync(path).mtimeMs
  } catch (error) {
    const code = String(errnoOf(error) ?? 'unknown')
    return code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
  }
}

function fileSource(path: string, env: Environment, trust: KubeConfigTrust): KubeConfigSource {
  if (trust === 'data') {
    // Not even its existence is reported: the settings are the agent's, the files are the server's.
    throw new AdapterError(
      'k8s_kubeconfig_refused',
      `The setting "kubeconfig" names a file of the Paperclip server, which is not allowed. Put the file's content there. ${remedy}`,
    )
  }
  // A rotated file counts as another configuration.
  const changed = changedAt(path)
  if (typeof changed === 'string') {
    // A value that is not a path may be kubeconfig content in an unsupported form, and hold a token.
    const named = /^\/[^\s]{1,300}$/.test(path) ? `The kubeconfig "${path}"` : 'The file that "kubeconfig" names'
    throw new AdapterError(
      'k8s_kubeconfig_invalid',
      `${named} ${changed} on the Paperclip server. Correct "kubeconfig" in the agent's settings, or put the file's content there.`,
    )
  }
  return { kind: 'file', key: `file:${path}:${changed}`, path, env, trust }
}

/**
 * Decides where the configuration comes from: the setting (content, or a path where the operator allows it), KUBECONFIG,
 * or the pod's own account. `~/.kube/config` is never read: the server's home is on the volume that agents write to.
 */
export function kubeConfigSource(
  setting: string | undefined,
  env: Environment,
  trust: KubeConfigTrust = loadPolicy(env).kubeconfigTrust,
): KubeConfigSource {
  const text = setting?.trim()
  if (text) {
    const isContent = text.startsWith('{') || text.includes('\n') || text.startsWith('apiVersion:')
    if (isContent) return { kind: 'content', key: `content:${text}`, content: text, trust }
    return fileSource(text, env, trust)
  }
  const files = (env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '')
  if (files.length > 0 || env['KUBERNETES_SERVICE_HOST']) {
    return { kind: 'own', key: `own:${JSON.stringify(files.map((file) => [file, changedAt(file)]))}`, env }
  }
  throw new AdapterError(
    'k8s_cluster_unknown',
    'The Paperclip server runs outside of Kubernetes and no kubeconfig is set. Set "kubeconfig" in the agent\'s settings, or run the server as a pod with serviceAccount.automountToken=true.',
  )
}

function load(source: KubeConfigSource): KubeConfig {
  switch (source.kind) {
    case 'content':
      return parseKubeConfig(source.content, { trust: source.trust })
    case 'file':
      return loadKubeConfig({ path: source.path, env: source.env, trust: source.trust })
    case 'given':
      return source.config
    case 'own':
      return loadKubeConfig({ env: source.env, homeFile: false })
    default:
      return source satisfies never
  }
}

/** Loads a configuration; errors say what to do. */
export function readKubeConfig(source: KubeConfigSource): KubeConfig {
  try {
    return load(source)
  } catch (cause) {
    if (!KubeError.isInstance(cause)) throw cause
    const where = source.kind === 'own' ? "the server's environment" : 'the setting "kubeconfig"'
    if (cause.code === 'kubeconfig_refused') {
      throw new AdapterError('k8s_kubeconfig_refused', `${cause.message} ${remedy}`)
    }
    throw new AdapterError('k8s_kubeconfig_invalid', `${cause.message} Correct ${where}.`)
  }
}
