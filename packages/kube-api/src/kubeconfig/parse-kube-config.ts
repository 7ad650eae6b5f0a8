import { parseKubeConfigDocument, type KubeConfigDocument, type RawEntry } from './kube-config-document.ts'
import { invalidKubeConfig } from './kube-config-error.ts'
import { type KubeConfig, type KubeContext } from './kube-config.ts'
import { readCluster, readContext, readUser, type ReadEntry } from './read-entries.ts'
import { refuseUntrusted, type KubeConfigTrust } from './trust.ts'

/** What to take from a kubeconfig. */
export interface SelectOptions {
  /** Context to use instead of `current-context`. */
  readonly context?: string | undefined
  readonly trust: KubeConfigTrust
  /** Called for ignored fields. */
  readonly onWarning?: ((message: string) => void) | undefined
}

const quoted = (names: Iterable<string>): string => [...names].map((name) => `"${name}"`).join(', ') || 'none'

function chooseContext(
  { contexts, currentContext: current }: KubeConfigDocument,
  wanted: string | undefined,
): ReadEntry<KubeContext> {
  const name = wanted ?? current
  if (name === '') {
    throw invalidKubeConfig(
      `The kubeconfig has no current context. Its contexts: ${quoted(contexts.keys())}. Choose one of them.`,
    )
  }
  const entry = contexts.get(name)
  if (entry) return readContext(name, entry)
  throw invalidKubeConfig(
    `The kubeconfig has no context "${name}". Its contexts: ${quoted(contexts.keys())}. Choose one of them.`,
  )
}

function lookUp(
  entries: ReadonlyMap<string, RawEntry>,
  what: 'cluster' | 'user',
  name: string,
  context: string,
): RawEntry {
  const entry = entries.get(name)
  if (entry) return entry
  const known = quoted(entries.keys())
  throw invalidKubeConfig(
    name === ''
      ? `Context "${context}" of the kubeconfig names no ${what}.`
      : `Context "${context}" of the kubeconfig names the ${what} "${name}", which is missing. Present: ${known}.`,
  )
}

/** Extracts the selected context from a kubeconfig, with its cluster and user, and drops everything else. */
export function selectContext(
  document: KubeConfigDocument,
  { context: wanted, trust, onWarning }: SelectOptions,
): KubeConfig {
  const context = chooseContext(document, wanted)
  const { name } = context.value
  const clusterName = context.value.cluster
  const cluster = readCluster(clusterName, lookUp(document.clusters, 'cluster', clusterName, name))
  const userName = context.value.user
  const user = userName ? readUser(userName, lookUp(document.users, 'user', userName, name)) : undefined
  const unknown = [...context.unknown, ...cluster.unknown, ...(user?.unknown ?? [])]
  refuseUntrusted(trust, { cluster: cluster.value, user: user?.value, unknown })
  if (
    user !== undefined &&
    user.unknown.length > 0 &&
    Object.values(user.value).filter((value) => value !== undefined).length === 1
  ) {
    // Without this check a misspelled field would make every request anonymous.
    throw invalidKubeConfig(
      `User "${userName}" of the kubeconfig has no credentials, only unknown fields: ${quoted(user.unknown)}. Correct their names.`,
    )
  }
  for (const field of unknown) onWarning?.(`The kubeconfig has the unknown field "${field}", which is ignored.`)
  return {
    clusters: [cluster.value],
    users: user ? [user.value] : [],
    contexts: [context.value],
    currentContext: name,
  }
}

/** Options of {@link parseKubeConfig}. */
export interface ParseKubeConfigOptions extends Partial<SelectOptions> {
  /** Base of relative paths; by default they are left as they are. */
  readonly folder?: string | undefined
  /** Name of the text, for messages. Default `The kubeconfig`. */
  readonly source?: string | undefined
}

/**
 * Parses the text of a kubeconfig and keeps its current context. By default the text is trusted with data only: see
 * {@link KubeConfigTrust}. Throws a `KubeError` with the code `kubeconfig_invalid` or `kubeconfig_refused`; no message
 * contains a value that may be secret.
 *
 * @example
 * const client = createKubeClient({ kubeConfig: parseKubeConfig(pasted) })
 */
export function parseKubeConfig(text: string, options: ParseKubeConfigOptions = {}): KubeConfig {
  const { folder, source = 'The kubeconfig', trust = 'data', ...rest } = options
  return selectContext(parseKubeConfigDocument(text, { folder, source }), { ...rest, trust })
}
