import { type AbortScope, type Clock, openAbortScope, untilAborted } from '@agent-jobs/primitives'
import { withDeadline } from './deadline.ts'
import type { Dispatcher } from 'undici'

import { createCredentialSource, type Credentials } from './credentials/credential-source.ts'
import { createDispatcherPool } from './dispatcher-pool.ts'
import { refuseCompressed } from './foreign-answer.ts'
import { KubeError } from './kube-error.ts'
import { currentContext, type KubeConfig } from './kubeconfig/kube-config.ts'
import { networkError } from './network-error.ts'
import type { RequestLine } from './status-error.ts'

/** One HTTP exchange, for counting and logging. */
export interface RequestReport {
  readonly method: string
  /** Path with query. */
  readonly path: string
  /** HTTP status, or 0 when no answer came. */
  readonly status: number
  /** Until the headers of a stream, until the end of any other answer. */
  readonly durationMs: number
}

/** A `Warning` header: deprecated fields, or a pod that Pod Security would refuse. */
export interface ServerWarning {
  readonly method: string
  readonly path: string
  readonly text: string
}

/** What the wire needs: server, credentials, bounds and listeners. */
export interface TransportOptions {
  readonly kubeConfig: KubeConfig
  readonly proxyUrl?: string | undefined
  readonly clock: Clock
  readonly userAgent: string
  readonly maxConnections: number
  readonly maxResponseBytes: number
  readonly onRequest?: ((report: RequestReport) => void) | undefined
  readonly onWarning?: ((warning: ServerWarning) => void) | undefined
}

/** One HTTP request, without server and credentials. */
export interface WireRequest extends RequestLine {
  readonly body?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** An answer that was read to its end. */
export interface WireAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly text: string
}

/** An answer whose body is still to come. */
export interface WireStream {
  readonly status: number
  readonly headers: Record<string, string>
  /** Must be read or its request aborted: until then it holds a connection. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Sends requests of one kubeconfig over one pool of connections. */
export interface Transport {
  readonly server: string
  /** One exchange with its whole body. Throws only when no whole answer came. */
  send(request: WireRequest): Promise<WireAnswer>
  /** Opens a stream: `timeoutMs` bounds the wait for headers, the body may stay silent for ever. */
  open(request: WireRequest): Promise<WireStream>
  close(): Promise<void>
}

type Response = Dispatcher.ResponseData

// Every wait has a deadline of our own. undici's 300 s between two pieces of a body would cut a silent watch or log. Said
// with each request, since the agent for SOCKS proxies makes its connections with undici's defaults.
const noTimeouts = { headersTimeout: 0, bodyTimeout: 0 }

function flatten(headers: Response['headers']): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [key, value] of Object.entries(headers)) {
    if (value !== undefined) flat[key] = Array.isArray(value) ? value.join(', ') : value
  }
  return flat
}

/** Makes the transport for the current context of a KubeConfig. */
export function createTransport(options: TransportOptions): Transport {
  const { kubeConfig, clock, userAgent, maxResponseBytes, onRequest, onWarning } = options
  const context = currentContext(kubeConfig)
  if (!context) {
    throw new TypeError(
      `Expected \`kubeConfig\` to have a current context with its cluster and user, got context \`${kubeConfig.currentContext}\``,
    )
  }
  const cluster = { ...context.cluster, proxyUrl: context.cluster.proxyUrl ?? options.proxyUrl }
  const { origin, pathname } = new URL(cluster.server)
  const prefix = pathname.replace(/\/+$/, '')
  const life = openAbortScope()
  const credentials = createCredentialSource({ ...context, cluster }, { clock, life: life.signal })
  const pool = createDispatcherPool(options)

  function timeoutError(request: WireRequest): KubeError {
    return new KubeError({
      code: 'timeout',
      message: `${request.method} ${request.path}: ${origin} did not answer within ${request.timeoutMs} ms.`,
      retryable: true,
      maybeApplied: request.method !== 'GET',
      object: request.object,
    })
  }

  function explain(request: WireRequest, scope: AbortScope, cause: unknown): unknown {
    if (KubeError.isInstance(cause)) return cause
    if (request.signal?.aborted) return request.signal.reason
    if (scope.signal.aborted) return scope.signal.reason
    return networkError(request, origin, cause)
  }

  /** A plugin that hangs takes the time of the request, and no more. */
  async function identify(request: WireRequest, signal: AbortSignal): Promise<Credentials> {
    try {
      return await untilAborted(credentials.current(), signal)
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

  /** Headers of the answer; a 401 is asked again once with renewed credentials, since it says nothing was done. */
  async function dispatch(request: WireRequest, lane: 'unary' | 'stream', signal: AbortSignal): Promise<Response> {
    for (let renewed = false; ; renewed = true) {
      const identity = await identify(request, signal)
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

  /** Lets a check throw, and the connection go with it. */
  function refuse(response: Response, check: () => void): void {
    try {
      check()
    } catch (error) {
      response.body.on('error', () => undefined).destroy()
      throw error
    }
  }

  async function readText(response: Response, request: WireRequest): Promise<string> {
    const pieces: Uint8Array[] = []
    let size = 0
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      size += piece.length
      if (size > maxResponseBytes) {
        throw new KubeError({
          code: 'response_too_large',
          message: `${request.method} ${request.path}: the answer is larger than ${maxResponseBytes} bytes. Narrow the request by a selector or limit.`,
          status: response.statusCode,
          object: request.object,
        })
      }
      pieces.push(piece)
    }
    return Buffer.concat(pieces).toString('utf8')
  }

  async function* readBody(response: Response, request: WireRequest, scope: AbortScope): AsyncGenerator<Uint8Array> {
    try {
      yield* response.body as AsyncIterable<Uint8Array>
    } catch (cause) {
      throw explain(request, scope, cause)
    } finally {
      scope[Symbol.dispose]()
    }
  }

  function passWarnings({ method, path }: WireRequest, header: string | undefined): void {
    if (!onWarning || header === undefined) return
    // 299 - "text with \"quotes\"", one after the other.
    for (const [, quoted = ''] of header.matchAll(/\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)) {
      onWarning({ method, path, text: quoted.replaceAll(/\\(.)/g, '$1') })
    }
  }

  /** Runs one exchange within the life of the client and its deadline, reports it, and names what went wrong. */
  async function exchange<T>(
    request: WireRequest,
    scope: AbortScope,
    work: (seen: (status: number) => void) => Promise<T>,
  ): Promise<T> {
    const { timeoutMs: ms } = request
    const startedAt = clock.now()
    let status = 0
    try {
      scope.signal.throwIfAborted()
      return await withDeadline({ clock, ms, reason: () => timeoutError(request), scope }, () =>
        work((value) => {
          status = value
        }),
      )
    } catch (cause) {
      throw explain(request, scope, cause)
    } finally {
      onRequest?.({ method: request.method, path: request.path, status, durationMs: clock.now() - startedAt })
    }
  }

  return {
    server: cluster.server,
    async send(request) {
      using scope = openAbortScope(life.signal, request.signal)
      return await exchange(request, scope, async (seen) => {
        const response = await dispatch(request, 'unary', scope.signal)
        seen(response.statusCode)
        const headers = flatten(response.headers)
        passWarnings(request, headers['warning'])
        refuse(response, () => refuseCompressed(request, response.statusCode, headers))
        return { status: response.statusCode, headers, text: await readText(response, request) }
      })
    },
    async open(request) {
      const scope = openAbortScope(life.signal, request.signal)
      try {
        return await exchange(request, scope, async (seen) => {
          const response = await dispatch(request, 'stream', scope.signal)
          seen(response.statusCode)
          // Aborted before it is read, the body errors with nobody there to hear; reading it reports the same error.
          response.body.on('error', () => undefined)
          const { statusCode: status } = response
          const headers = flatten(response.headers)
          refuse(response, () => refuseCompressed(request, status, headers))
          return { status, headers, body: readBody(response, request, scope) }
        })
      } catch (error) {
        scope[Symbol.dispose]()
        throw error
      }
    },
    async close() {
      life.abort(
        new KubeError({ code: 'closed', message: `The client of ${origin} was closed; make a new one to go on.` }),
      )
      await pool.destroy()
    },
  }
}
