import { createHash } from 'node:crypto'
import type { AgentOptions } from 'node:https'
import {
  HttpMethod,
  KubeConfig as ClientNodeConfig,
  RequestContext,
  type Cluster,
  type DispatcherOptions,
} from '@kubernetes/client-node'
import type { Clock } from './clock.ts'
import { KubeError } from './kube-error.ts'
import { isLoopback } from './loopback.ts'
import { currentContext, type KubeConfig, type KubeUser } from './kubeconfig/kube-config.ts'

/** What one request needs: headers of the user, and how to reach the server. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>
  readonly connection: DispatcherOptions
  /** Changes when certificates or proxy change, so that connections of the old ones are not used again. */
  readonly fingerprint: string
}

/** Resolves credentials, and resolves them anew when the server refuses them. */
export interface CredentialSource {
  current(): Promise<Credentials>
  /** Forgets `refused`, also in the caches of exec plugins and token files. Others that were refused share one renewal. */
  renew(refused: Credentials): void
}

// Token files and plugins have caches of their own; this one only spares a busy client reading certificates from disk
// for each request.
const lifetimeMs = 5_000

// kubectl waits for ever. Nobody watches here: a plugin that hangs is left to itself, and the next call starts another.
const resolveWithinMs = 60_000

/** client-node knows a token file only as an auth provider of its own. */
function authProviderOf({ tokenFile, authProvider }: KubeUser): KubeUser['authProvider'] {
  return tokenFile === undefined ? authProvider : { name: 'tokenFile', config: { tokenFile } }
}

/** client-node's KubeConfig with its connection options caught instead of made into a new agent for each request. */
class CapturingConfig extends ClientNodeConfig {
  connection: DispatcherOptions = { type: 'none' }

  static of(source: KubeConfig, proxyUrl: string | undefined): CapturingConfig {
    const clusters = source.clusters.map((cluster) => ({ ...cluster, proxyUrl: cluster.proxyUrl ?? proxyUrl }))
    const users = source.users.map((user) => ({ ...user, authProvider: authProviderOf(user) }))
    const config = new CapturingConfig()
    config.loadFromOptions({ clusters, users, contexts: source.contexts, currentContext: source.currentContext })
    // Private in client-node's types, yet `addAuthenticator` is public: what a caller added must go on working.
    const added: unknown = Reflect.get(source, 'custom_authenticators')
    if (Array.isArray(added)) for (const authenticator of added) config.addAuthenticator(authenticator)
    return config
  }

  override createDispatcherOptions(cluster: Cluster | null, agentOptions: AgentOptions): DispatcherOptions {
    const plain = cluster?.server.startsWith('http:') === true && !cluster.skipTLSVerify && !cluster.proxyUrl
    // On the own machine nothing travels in the clear.
    if (plain && !isLoopback(cluster.server)) {
      throw new KubeError({
        code: 'credentials',
        message: `The address ${cluster.server} has no TLS, and a token must not travel in the clear. Use https, or set insecure-skip-tls-verify for this cluster if its network is trusted.`,
      })
    }
    this.connection = plain ? { type: 'none' } : super.createDispatcherOptions(cluster, agentOptions)
    return { type: 'none' }
  }

  async resolve(): Promise<Credentials> {
    const context = new RequestContext(this.getCurrentCluster()?.server ?? '', HttpMethod.GET)
    await this.applySecurityAuthentication(context)
    const fingerprint = createHash('sha256')
      .update(
        JSON.stringify(this.connection, (_, value: unknown) => (value instanceof Uint8Array ? [...value] : value)),
      )
      .digest('hex')
    return { headers: context.getHeaders(), connection: this.connection, fingerprint }
  }
}

/** Takes credentials from a KubeConfig: static ones, client certificates, exec plugins, token files, OIDC. */
export function createCredentialSource(kubeConfig: KubeConfig, clock: Clock, proxyUrl?: string): CredentialSource {
  let config = CapturingConfig.of(kubeConfig, proxyUrl)
  let resolved: { at: number; value: Credentials } | undefined
  let pending: Promise<Credentials> | undefined
  /** The last that brought a token; undefined when the server has refused it. */
  let withToken: Credentials | undefined
  const context = currentContext(kubeConfig)
  const tokenFile = context?.user && authProviderOf(context.user)?.config?.['tokenFile']

  /** A token file is empty for a moment while it is written anew: nobody must become anonymous for that. */
  function rejectEmpty(value: Credentials): Credentials {
    if (typeof tokenFile !== 'string') return value
    if (value.headers['Authorization']?.replace(/^Bearer\s*/, '').trim()) return (withToken = value)
    // client-node would keep what it read for a minute.
    config = CapturingConfig.of(kubeConfig, proxyUrl)
    if (withToken === undefined) throw new Error(`the token file ${tokenFile} is empty`)
    return withToken
  }

  async function giveUpLate(answered: AbortSignal): Promise<never> {
    await clock.sleep(resolveWithinMs, answered)
    config = CapturingConfig.of(kubeConfig, proxyUrl)
    throw new Error(`no answer within ${resolveWithinMs} ms`)
  }

  async function resolve(): Promise<Credentials> {
    const answered = new AbortController()
    try {
      const value = rejectEmpty(await Promise.race([config.resolve(), giveUpLate(answered.signal)]))
      resolved = { at: clock.now(), value }
      return value
    } catch (cause) {
      if (KubeError.isInstance(cause)) throw cause
      const user = context?.user?.name ?? '(none)'
      const detail = cause instanceof Error ? cause.message : String(cause)
      throw new KubeError({
        code: 'credentials',
        message: `No credentials for user "${user}" of context "${kubeConfig.currentContext}": ${detail.trim()}. Check its exec plugin, token file or certificates.`,
        retryable: true,
        cause,
      })
    } finally {
      answered.abort()
      pending = undefined
    }
  }

  return {
    async current() {
      if (resolved && clock.now() - resolved.at < lifetimeMs) return resolved.value
      // One plugin process for a hundred requests that start together.
      pending ??= resolve()
      return await pending
    },
    renew(refused) {
      if (withToken === refused) withToken = undefined
      if (resolved?.value !== refused) return
      resolved = undefined
      // A new KubeConfig is the only way to empty the caches of client-node's authenticators.
      config = CapturingConfig.of(kubeConfig, proxyUrl)
    },
  }
}
