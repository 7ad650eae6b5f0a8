import { openAbortScope, type AbortScope, type Clock } from '@agent-jobs/primitives'
import { createAuthorizedRequest } from './authorized-request.ts'
import { createCredentialSource } from './credentials/credential-source.ts'
import { createDispatcherPool } from './dispatcher-pool.ts'
import { createExchange, type Exchange } from './exchange.ts'
import { KubeError } from './kube-error.ts'
import { currentContext, type KubeConfig } from './kubeconfig/kube-config.ts'
import { readHeaders, readText, warningTexts, type Response } from './response.ts'
import type { RequestReport, ServerWarning, WireAnswer, WireRequest, WireStream } from './wire.ts'

/** What the transport needs: server, credentials, limits and listeners. */
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

/** Sends requests of one kubeconfig over one pool of connections. */
export interface Transport {
  readonly server: string
  /** One exchange with its whole body. Throws only without a complete response. */
  send(request: WireRequest): Promise<WireAnswer>
  /** Opens a stream: `timeoutMs` limits the wait for headers, the body may stay silent indefinitely. */
  open(request: WireRequest): Promise<WireStream>
  close(): Promise<void>
}

/** Reads a body to its end, and then leaves the scope. */
async function* readBody(
  response: Response,
  request: WireRequest,
  { exchange, scope }: { exchange: Exchange; scope: AbortScope },
): AsyncGenerator<Uint8Array> {
  try {
    yield* response.body as AsyncIterable<Uint8Array>
  } catch (cause) {
    throw exchange.explain(request, scope, cause)
  } finally {
    scope[Symbol.dispose]()
  }
}

/** Creates the transport for the current context of a kubeconfig. */
export function createTransport(options: TransportOptions): Transport {
  const { kubeConfig, clock, userAgent, maxResponseBytes, onWarning } = options
  const context = currentContext(kubeConfig)
  if (!context) {
    throw new TypeError(
      `Expected \`kubeConfig\` to have a current context with its cluster and user, got context \`${kubeConfig.currentContext}\``,
    )
  }
  const cluster = { ...context.cluster, proxyUrl: context.cluster.proxyUrl ?? options.proxyUrl }
  const { server } = cluster
  const { origin } = new URL(server)
  const life = openAbortScope()
  const credentials = createCredentialSource({ ...context, cluster }, { clock, life: life.signal })
  const pool = createDispatcherPool(options)
  const dispatch = createAuthorizedRequest({ server, userAgent, credentials, pool })
  const exchange = createExchange(origin, options)

  return {
    server,
    async send(request) {
      using scope = openAbortScope(life.signal, request.signal)
      return await exchange.run(request, scope, async (seen) => {
        const response = await dispatch(request, 'unary', scope.signal)
        seen(response.statusCode)
        const headers = readHeaders(response, request)
        const { method, path } = request
        for (const text of warningTexts(headers['warning'])) onWarning?.({ method, path, text })
        return { status: response.statusCode, headers, text: await readText(response, request, maxResponseBytes) }
      })
    },
    async open(request) {
      const scope = openAbortScope(life.signal, request.signal)
      try {
        return await exchange.run(request, scope, async (seen) => {
          const response = await dispatch(request, 'stream', scope.signal)
          seen(response.statusCode)
          // If aborted before it is read, the body emits an error without a listener; reading it reports the same error.
          response.body.on('error', () => undefined)
          const headers = readHeaders(response, request)
          return { status: response.statusCode, headers, body: readBody(response, request, { exchange, scope }) }
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
