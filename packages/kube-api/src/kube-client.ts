import { systemClock, type Clock } from '@agent-jobs/primitives'
import type { ListOptions, RawRequest } from './call-options.ts'
import { defaultRetry, type RetryOptions } from './call-with-retry.ts'
import type { KubeConfig } from './kubeconfig/kube-config.ts'
import { listPages } from './list-pages.ts'
import { openLog, type LogResponse, type OpenLogOptions } from './log-request.ts'
import { createObjectCalls, type ObjectCalls } from './object-calls.ts'
import type { KubeObject, ResourceKind } from './resource-kind.ts'
import { createTransport } from './transport.ts'
import { createUnaryCalls } from './unary-calls.ts'
import { createSharedWatches } from './watch/shared-watches.ts'
import type { ListWatchEvent } from './watch/subscription.ts'
import type { WatchProblem } from './watch/watch-problem.ts'
import { createWatchSource, type Selection } from './watch/watch-source.ts'
import { defaultTuning, type ListWatchTuning } from './watch/watch-tuning.ts'
import type { RequestReport, ServerWarning } from './wire.ts'

/** Options of {@link createKubeClient}. */
export interface KubeClientOptions {
  /** The server and the user; only its current context is used. */
  readonly kubeConfig: KubeConfig
  /** The proxy to use if the kubeconfig names none: `http:`, `https:`, `socks5:` and similar. */
  readonly proxyUrl?: string | undefined
  readonly clock?: Clock
  /** Between 0 and 1, for jitter. */
  readonly random?: () => number
  /** For each attempt of a short call, and for the headers of a stream. */
  readonly requestTimeoutMs?: number
  readonly retry?: Partial<RetryOptions>
  readonly userAgent?: string
  /** Connections that short calls share; each stream has one of its own. */
  readonly maxConnections?: number
  /** A larger response to a short call is rejected. */
  readonly maxResponseBytes?: number
  readonly watch?: Partial<ListWatchTuning>
  /** Called after each HTTP exchange. */
  readonly onRequest?: (report: RequestReport) => void
  /** Called for each `Warning` header of a response, such as Pod Security's on a Job whose pods it will refuse. */
  readonly onWarning?: (warning: ServerWarning) => void
  /** Called for each failure that a watch recovers from, so that silence can be told from trouble. */
  readonly onWatchProblem?: (problem: WatchProblem) => void
}

/** One API server, one pool of connections. */
export interface KubeClient extends ObjectCalls {
  /** The server's address from the kubeconfig. */
  readonly server: string
  /** Reads all pages. If a page has expired, it starts over with a single request. */
  list<T extends KubeObject>(kind: ResourceKind<T>, o?: ListOptions): Promise<{ items: T[]; resourceVersion: string }>
  /** A status other than 200 does not throw: the body then contains the Status object. */
  openLog(o: OpenLogOptions): Promise<LogResponse>
  request(o: RawRequest & { readonly answer: 'text' }): Promise<string>
  request<T>(o: RawRequest): Promise<T>
  /**
   * Complete objects, now and after every change, through all broken connections, until the signal is aborted;
   * then it ends. Throws only when the first list is refused permanently (403, 404, …).
   */
  listWatch<T extends KubeObject>(
    kind: ResourceKind<T>,
    o: Selection & { signal: AbortSignal },
  ): AsyncIterable<ListWatchEvent<T>>
  close(): Promise<void>
}

/** Makes a client for the current context of a KubeConfig. It opens no connection before the first call. */
export function createKubeClient(options: KubeClientOptions): KubeClient {
  const {
    kubeConfig,
    proxyUrl,
    clock = systemClock,
    random = Math.random,
    requestTimeoutMs = 30_000,
    retry = {},
    userAgent = 'agent-jobs-kube-api',
    maxConnections = 32,
    maxResponseBytes = 64 * 1_048_576,
    watch = {},
    onRequest,
    onWarning,
    onWatchProblem,
  } = options
  for (const [name, value] of Object.entries({ requestTimeoutMs, maxConnections, maxResponseBytes })) {
    if (!(value > 0)) throw new TypeError(`Expected \`${name}\` to be a positive number, got \`${value}\``)
  }
  const transport = createTransport({
    kubeConfig,
    proxyUrl,
    clock,
    userAgent,
    maxConnections,
    maxResponseBytes,
    onRequest,
    onWarning,
  })
  const unary = createUnaryCalls({ transport, clock, random, retry: { ...defaultRetry, ...retry }, requestTimeoutMs })

  const list = <T extends KubeObject>(kind: ResourceKind<T>, o?: ListOptions) => listPages(unary, kind, o)
  const watches = createSharedWatches({
    clock,
    random,
    tuning: { ...defaultTuning, ...watch },
    onProblem: onWatchProblem,
    createSource: (kind, selection) =>
      createWatchSource({ transport, headersTimeoutMs: requestTimeoutMs }, kind, selection),
    list,
  })

  return {
    ...createObjectCalls(unary, userAgent),
    server: transport.server,
    list,
    listWatch: watches.listWatch,
    openLog: (o) => openLog(transport, requestTimeoutMs, o),
    async request<T>({ method, ...rest }: RawRequest) {
      return (await unary.call({
        ...rest,
        method,
        repeatable: method === 'GET' || method === 'HEAD' ? 'always' : 'when-not-applied',
      })) as T
    },
    async close() {
      await Promise.all([watches.close(), transport.close()])
    },
  }
}
