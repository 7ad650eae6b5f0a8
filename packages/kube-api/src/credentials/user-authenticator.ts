import { type Clock, systemErrorCode } from '@agent-jobs/primitives'
import { readFileSync } from 'node:fs'

import type { CurrentContext, KubeUser } from '../kubeconfig/kube-config.ts'
import { CredentialProblem } from './credential-problem.ts'
import { runExecPlugin, type ExecCredential } from './exec-plugin.ts'
import { basic, bearer, impersonation, type RequestHeaders } from './request-headers.ts'

/** The credentials of a user. */
export interface Proof {
  readonly headers: RequestHeaders
  /** PEM of a certificate that a plugin returned. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Provides the credentials of one user. */
export interface UserAuthenticator {
  prove(o: { authority: string | undefined; signal: AbortSignal }): Promise<Proof>
  /** Forgets refused credentials. */
  forget(): void
}

type Authenticate = UserAuthenticator['prove']

// A plugin's token is renewed this long before it expires, so that no request carries one that expires on the way.
const leewayMs = 10_000

function stateless(prove: Authenticate): UserAuthenticator {
  return { prove, forget: () => undefined }
}

function execAuthenticator(
  { cluster }: CurrentContext,
  exec: NonNullable<KubeUser['exec']>,
  clock: Clock,
): UserAuthenticator {
  let cached: ExecCredential | undefined
  const isFresh = ({ expiresAt = Infinity }: ExecCredential) => clock.wallTime() < expiresAt - leewayMs
  return {
    async prove({ authority, signal }) {
      if (cached === undefined || !isFresh(cached)) cached = await runExecPlugin(exec, { cluster, authority, signal })
      const { token, cert, key } = cached
      return {
        headers: token === undefined ? {} : bearer(token, `the token of exec plugin ${exec.command}`),
        cert,
        key,
      }
    },
    forget() {
      cached = undefined
    },
  }
}

/** A file that is reread; while it is empty or missing, as during a rotation, its last content is used. */
function tokenFileAuthenticator(file: string, token: string | undefined): UserAuthenticator {
  let last: string | undefined
  function read(): string {
    try {
      return readFileSync(file, 'utf8').trim()
    } catch (cause) {
      if (last !== undefined || token) return ''
      throw new CredentialProblem(`cannot read the token file ${file} (${systemErrorCode(cause)})`, {
        passing: true,
        cause,
      })
    }
  }
  return {
    prove() {
      const found = read() || last || token
      if (!found) throw new CredentialProblem(`the token file ${file} is empty`, { passing: true })
      last = found
      return Promise.resolve({ headers: bearer(found, `the token file ${file}`) })
    },
    forget() {
      last = undefined
    },
  }
}

function expiryOf(jwt: string): number {
  const [, payload = ''] = jwt.split('.')
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
    const seconds: unknown = typeof claims === 'object' && claims !== null ? Reflect.get(claims, 'exp') : undefined
    return typeof seconds === 'number' ? seconds * 1_000 : Infinity
  } catch (error) {
    // Leave the judgement to the API server: it says what is wrong with the token.
    if (error instanceof SyntaxError) return Infinity
    throw error
  }
}

/** The id token of kubectl's OIDC provider, for as long as it is valid. */
function oidcProof(config: Readonly<Record<string, unknown>>, clock: Clock): Proof {
  const remedy =
    'Renewal is left to kubectl: run any kubectl command with this context, or use the exec plugin kubelogin (kubectl oidc-login)'
  const token = config['id-token']
  if (typeof token !== 'string' || token === '')
    throw new CredentialProblem(`its OIDC provider has no \`id-token\`. ${remedy}`)
  const expiry = expiryOf(token)
  if (clock.wallTime() >= expiry) {
    throw new CredentialProblem(`its OIDC id-token expired at ${new Date(expiry).toISOString()}. ${remedy}`)
  }
  return { headers: bearer(token, 'the OIDC id-token') }
}

function authProviderAuthenticator(
  { name, config = {} }: NonNullable<KubeUser['authProvider']>,
  clock: Clock,
): UserAuthenticator {
  const { tokenFile } = config
  // client-node's way to write a token file.
  if (name === 'tokenFile' && typeof tokenFile === 'string') return tokenFileAuthenticator(tokenFile, undefined)
  if (name === 'oidc') return stateless(() => Promise.resolve(oidcProof(config, clock)))
  return stateless(() =>
    Promise.reject(
      new CredentialProblem(
        `the auth provider "${name}" is not supported; kubectl has dropped it, too. Use its exec plugin (kubelogin, gke-gcloud-auth-plugin) or a token`,
      ),
    ),
  )
}

function chooseAuthenticator(context: CurrentContext, user: KubeUser, clock: Clock): UserAuthenticator {
  if (user.exec) return execAuthenticator(context, user.exec, clock)
  if (user.authProvider) return authProviderAuthenticator(user.authProvider, clock)
  if (user.tokenFile) return tokenFileAuthenticator(user.tokenFile, user.token)
  const { token, username, password = '' } = user
  if (token) return stateless(async () => ({ headers: bearer(token, '`token`') }))
  if (username) return stateless(async () => ({ headers: basic(username, password) }))
  return user.certData || user.certFile ? withoutCredentials : anonymous(context)
}

const withoutCredentials: UserAuthenticator = stateless(async () => ({ headers: {} }))

/**
 * Without TLS the server is a proxy on this machine that adds the credentials itself. With TLS requests would count as
 * `system:anonymous`, and each would fail with a puzzling 403: kubectl asks for a name and a password instead.
 */
function anonymous({ cluster, user, name }: CurrentContext): UserAuthenticator {
  if (cluster.server.startsWith('http:')) return withoutCredentials
  const what = user === undefined ? `context "${name}" names no user` : `user "${user.name}" has no credentials`
  return stateless(() =>
    Promise.reject(
      new CredentialProblem(
        `${what}, and requests would be anonymous. Give it a token, a client certificate or an exec plugin`,
      ),
    ),
  )
}

/** Creates the authenticator of a context's user. */
export function createUserAuthenticator(context: CurrentContext, clock: Clock): UserAuthenticator {
  const { user } = context
  if (user === undefined) return anonymous(context)
  const { prove, forget } = chooseAuthenticator(context, user, clock)
  return {
    forget,
    async prove(o) {
      const proof = await prove(o)
      return { ...proof, headers: { ...proof.headers, ...impersonation(user) } }
    },
  }
}
