import { untilAborted } from '@agent-jobs/primitives'
import type { Credentials, CredentialSource } from './credentials/credential-source.ts'
import type { DispatcherPool } from './dispatcher-pool.ts'
import { KubeError } from './kube-error.ts'
import type { Response } from './response.ts'
import type { WireRequest } from './wire.ts'

/** Sends a request with the current credentials. Streams have connections of their own. */
export type AuthorizedRequest = (
  request: WireRequest,
  lane: 'unary' | 'stream',
  signal: AbortSignal,
) => Promise<Response>

/** What it needs: the server, the credentials, and the connections. */
export interface AuthorizedRequestOptions {
  readonly server: string
  readonly userAgent: string
  readonly credentials: CredentialSource
  readonly pool: DispatcherPool
}

// Every wait has a deadline of our own. undici's 300 s between two pieces of a body would cut a silent watch or log. Set
// on each request, since the agent for SOCKS proxies creates its connections with undici's defaults.
const noTimeouts = { headersTimeout: 0, bodyTimeout: 0 }

/** A plugin that hangs uses up the time of its request only. */
async function identify(source: CredentialSource, request: WireRequest, signal: AbortSignal): Promise<Credentials> {
  try {
    return await untilAborted(source.current(), signal)
  } catch (cause) {
    if (!KubeError.isInstance(cause) || cause.code !== 'timeout') throw cause
    throw new KubeError({
      code: 'credentials',
      message: `${request.method} ${request.path}: the credentials did not come within ${request.timeoutMs} ms, and nothing was sent. Check the exec plugin of this user.`,
      retryable: true,
      object: request.object,
      cause,
    })
  }
}

/** Creates the function. A 401 is retried once with renewed credentials, since it means that nothing was done. */
export function createAuthorizedRequest({
  server,
  userAgent,
  credentials,
  pool,
}: AuthorizedRequestOptions): AuthorizedRequest {
  const { origin, pathname } = new URL(server)
  const prefix = pathname.replace(/\/+$/, '')
  return async (request, lane, signal) => {
    for (let renewed = false; ; renewed = true) {
      const identity = await identify(credentials, request, signal)
      const response = await pool.for(identity)[lane].request({
        origin,
        path: prefix + request.path,
        method: request.method,
        headers: {
          accept: 'application/json',
          'user-agent': userAgent,
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...request.headers,
          ...identity.headers,
        },
        body: request.body ?? null,
        signal,
        ...noTimeouts,
      })
      if (response.statusCode !== 401) return response
      credentials.renew(identity)
      if (renewed) return response
      await response.body.dump()
    }
  }
}
