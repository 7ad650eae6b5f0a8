/** Where a cluster is and how its certificate is checked. The member names are those of client-node. */
export interface KubeCluster {
  readonly name: string
  readonly server: string
  /** Certificate authority as base64 of PEM; wins over `caFile`. */
  readonly caData?: string | undefined
  readonly caFile?: string | undefined
  readonly tlsServerName?: string | undefined
  readonly skipTLSVerify?: boolean | undefined
  readonly proxyUrl?: string | undefined
  /** Passed to exec plugins that require it: the extension `client.authentication.k8s.io/exec`. */
  readonly execConfig?: unknown
}

/** A program that prints a credential. */
export interface ExecPlugin {
  readonly apiVersion?: string | undefined
  /** A name to find in PATH, or an absolute path. */
  readonly command: string
  readonly args?: readonly string[] | null | undefined
  readonly env?: readonly { readonly name: string; readonly value: string }[] | null | undefined
  readonly installHint?: string | undefined
  readonly provideClusterInfo?: boolean | undefined
  readonly interactiveMode?: string | undefined
}

/** Credentials of a user. Data wins over files, a token file over a token. */
export interface KubeUser {
  readonly name: string
  /** Client certificate as base64 of PEM. */
  readonly certData?: string | undefined
  readonly certFile?: string | undefined
  /** Its private key as base64 of PEM. */
  readonly keyData?: string | undefined
  readonly keyFile?: string | undefined
  readonly token?: string | undefined
  /** Reread while in use: tokens of service accounts are rotated. */
  readonly tokenFile?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly impersonateUser?: string | undefined
  readonly impersonateUid?: string | undefined
  readonly impersonateGroups?: readonly string[] | undefined
  readonly impersonateExtra?: Readonly<Record<string, readonly string[]>> | undefined
  readonly exec?: ExecPlugin | undefined
  readonly authProvider?: { readonly name: string; readonly config?: Readonly<Record<string, unknown>> } | undefined
}

/** A cluster, a user and a namespace under one name. */
export interface KubeContext {
  readonly name: string
  readonly cluster: string
  /** Absent or empty for anonymous requests. */
  readonly user?: string | undefined
  readonly namespace?: string | undefined
}

/**
 * A kubeconfig as data, from {@link loadKubeConfig} or {@link parseKubeConfig}; a `KubeConfig` of
 * `@kubernetes/client-node` works, too.
 */
export interface KubeConfig {
  readonly clusters: readonly KubeCluster[]
  readonly users: readonly KubeUser[]
  readonly contexts: readonly KubeContext[]
  readonly currentContext: string
}

/** The current context of a kubeconfig with its cluster and user. */
export interface CurrentContext {
  readonly name: string
  readonly cluster: KubeCluster
  /** Undefined when the context names none: requests are anonymous. */
  readonly user: KubeUser | undefined
  readonly namespace: string | undefined
}

/** Looks up the current context; undefined when it, its cluster or its user is missing. */
export function currentContext({
  clusters,
  users,
  contexts,
  currentContext: wanted,
}: KubeConfig): CurrentContext | undefined {
  const context = contexts.find(({ name }) => name === wanted)
  const cluster = clusters.find(({ name }) => name === context?.cluster)
  if (context === undefined || cluster === undefined) return undefined
  const user = users.find(({ name }) => name === context.user)
  if (context.user && user === undefined) return undefined
  return { name: context.name, cluster, user, namespace: context.namespace || undefined }
}
