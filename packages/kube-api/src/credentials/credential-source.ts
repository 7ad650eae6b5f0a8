import { type Clock, openAbortScope } from '@agent-jobs/primitives'
import { withDeadline } from '../deadline.ts'
import { createHash } from 'node:crypto'

import { KubeError } from '../kube-error.ts'
import type { CurrentContext, KubeCluster, KubeUser } from '../kubeconfig/kube-config.ts'
import { refuseClearText } from './clear-text.ts'
import type { ConnectionSettings } from './connection-settings.ts'
import { CredentialProblem } from './credential-problem.ts'
import { checkAuthority, checkKeyPair, readPem } from './pem.ts'
import type { RequestHeaders } from './request-headers.ts'
import { createUserAuthenticator, type Proof } from './user-authenticator.ts'

/** What one request needs: the user's headers, and how to reach the server. */
export interface Credentials {
  readonly headers: RequestHeaders
  readonly connection: ConnectionSettings
  /** Changes with certificates or proxy, so that connections of the old ones are not reused. */
  readonly fingerprint: string
}

/** Resolves credentials, and resolves them again when the server refuses them. */
export interface CredentialSource {
  current(): Promise<Credentials>
  /** Forgets `refused`, also in the caches of exec plugins and token files. Concurrent callers share one renewal. */
  renew(refused: Credentials): void
}

// Token files and certificates are reread after this time; a busy client must not read them for each request.
const lifetimeMs = 5_000

// kubectl waits indefinitely. This process is unattended: a plugin that hangs is killed, and the next call starts another.
const resolveWithinMs = 60_000

function readAuthority({ caData, caFile }: KubeCluster): string | undefined {
  return checkAuthority(readPem({ field: 'certificate-authority', data: caData, file: caFile }))
}

function readKeyPair(user: KubeUser | undefined, proof: Proof): { cert?: string; key?: string } {
  const { cert, key } = proof
  if (cert !== undefined && key !== undefined) {
    return checkKeyPair({ text: cert, field: 'the certificate of the exec plugin' }, { text: key, field: 'its key' })
  }
  const own = readPem({ field: 'client-certificate', data: user?.certData, file: user?.certFile })
  const ownKey = readPem({ field: 'client-key', data: user?.keyData, file: user?.keyFile })
  return own === undefined || ownKey === undefined ? {} : checkKeyPair(own, ownKey)
}

const fingerprintOf = (connection: ConnectionSettings): string =>
  createHash('sha256').update(JSON.stringify(connection)).digest('hex')

/** Takes credentials from a kubeconfig's context: static ones, client certificates, token files and exec plugins. */
export function createCredentialSource(
  context: CurrentContext,
  { clock, life }: { clock: Clock; life: AbortSignal },
): CredentialSource {
  const { cluster, user } = context
  const authenticator = createUserAuthenticator(context, clock)
  let resolved: { at: number; value: Credentials } | undefined
  let pending: Promise<Credentials> | undefined
  let hasWorked = false

  async function resolveOnce(signal: AbortSignal): Promise<Credentials> {
    const authority = readAuthority(cluster)
    const proof = await authenticator.prove({ authority, signal })
    const connection: ConnectionSettings = {
      tls: {
        ca: authority,
        ...readKeyPair(user, proof),
        servername: cluster.tlsServerName,
        rejectUnauthorized: cluster.skipTLSVerify !== true,
      },
      proxyUrl: cluster.proxyUrl,
    }
    return { headers: proof.headers, connection, fingerprint: fingerprintOf(connection) }
  }

  function explain(cause: unknown): unknown {
    if (!(cause instanceof CredentialProblem)) return cause
    const who = user === undefined ? 'the anonymous user' : `user "${user.name}"`
    return new KubeError({
      code: 'credentials',
      message: `No credentials for ${who} of context "${context.name}": ${cause.message.replace(/[.\s]+$/, '')}.`,
      // What has worked before may work again: files are rotated, plugins are upgraded.
      retryable: cause.passing || hasWorked,
      cause,
    })
  }

  async function resolve(): Promise<Credentials> {
    try {
      refuseClearText(cluster)
      const reason = () => new CredentialProblem(`no answer within ${resolveWithinMs / 1_000} s`, { passing: true })
      using scope = openAbortScope(life)
      const value = await withDeadline({ clock, ms: resolveWithinMs, reason, scope }, () => resolveOnce(scope.signal))
      resolved = { at: clock.now(), value }
      hasWorked = true
      return value
    } catch (cause) {
      throw explain(cause)
    } finally {
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
      if (resolved?.value !== refused) return
      resolved = undefined
      authenticator.forget()
    },
  }
}
