import { type Clock, systemClock } from '@agent-jobs/primitives'
import { defaultRetry, type RetryOptions } from './call-with-retry.ts'

import { isGone } from './error-predicates.ts'
import { openLog, type LogResponse, type OpenLogOptions } from './log-request.ts'
import { reviveDates } from './date-fields.ts'
import type { Query } from './query-string.ts'
import { defaultTuning, type ListWatchTuning } from './watch/watch-tuning.ts'
import type { KubeConfig } from './kubeconfig/kube-config.ts'
import { resourcePath, type KubeObject, type ResourceKind } from './resource-kind.ts'
import { createSharedWatches } from './watch/shared-watches.ts'
import type { WatchProblem } from './watch/watch-problem.ts'
import type { ListWatchEvent } from './watch/subscription.ts'
import { createTransport, type RequestReport, type ServerWarning } from './transport.ts'
import { createUnaryCalls } from './unary-calls.ts'
import { createWatchSource, type Selection } from './watch/watch-source.ts'

/** Options of {@link createKubeClient}. */
export interface KubeClientOptions {
  /** Where the server is and who we are; its current context counts. */
  readonly kubeConfig: KubeConfig
  /** The way to the server where the kubeconfig names no proxy: `http:`, `https:`, `socks5:` and the like. */
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
  /** A larger answer to a short call is refused. */
  readonly maxResponseBytes?: number
  readonly watch?: Partial<ListWatchTuning>
  /** Called after each HTTP exchange. */
  readonly onRequest?: (report: RequestReport) => void
  /** Called for each `Warning` header of an answer, such as Pod Security's on a Job that it will give no pod. */
  readonly onWarning?: (warning: ServerWarning) => void
  /** Called for each failure that a watch survives, so that silence can be told from trouble. */
  readonly onWatchProblem?: (problem: WatchProblem) => void
}

/** Where an object is. */
export interface Place {
  readonly namespace?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Narrows a list, and says how many objects one page has. */
export interface ListOptions extends Selection {
  /** Objects per request; all pages are read. */
  readonly limit?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** How to delete an object. */
export interface DeleteOptions extends Place {
  readonly name: string
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined
  readonly gracePeriodSeconds?: number | undefined
  readonly preconditions?:
    | { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined }
    | undefined
}

/** How to change an object in part. */
export interface PatchOptions extends Place {
  readonly name: string
  readonly type: 'merge' | 'json' | 'strategic' | 'apply'
  readonly body: unknown
  /** Only for `apply`. */
  readonly fieldManager?: string | undefined
  /** Only for `apply`: take over fields that others manage. */
  readonly force?: boolean | undefined
}

/** Any call that has no method of its own. */
export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly query?: Query | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  /** What the answer's body is: parsed as JSON, or given as it is (`/readyz`, `/metrics`). Default `json`. */
  readonly answer?: 'json' | 'text' | undefined
}

/** One API server, one pool of connections. */
export interface KubeClient {
  /** The server's address, as the kubeconfig has it. */
  readonly server: string
  get<T extends KubeObject>(kind: ResourceKind<T>, o: Place & { name: string }): Promise<T>
  /** Reads all pages. An expired page makes it start again, in one piece. */
  list<T extends KubeObject>(kind: ResourceKind<T>, o?: ListOptions): Promise<{ items: T[]; resourceVersion: string }>
  /** Never blindly repeated: a lost answer surfaces as a retryable error with `maybeApplied`. */
  create<T extends KubeObject>(kind: ResourceKind<T>, object: T, o?: Place & { dryRun?: boolean }): Promise<T>
  /** Name and namespace come from the object; its resourceVersion, if any, must still hold. */
  replace<T extends KubeObject>(kind: ResourceKind<T>, object: T, o?: Place): Promise<T>
  patch<T extends KubeObject>(kind: ResourceKind<T>, o: PatchOptions): Promise<T>
  /** With `preconditions.uid` it is repeated after a lost answer, and a 404 then counts as done. */
  delete(kind: ResourceKind<KubeObject>, o: DeleteOptions): Promise<void>
  /** A status other than 200 does not throw: the body then holds the Status object. */
  openLog(o: OpenLogOptions): Promise<LogResponse>
  request(o: RawRequest & { readonly answer: 'text' }): Promise<string>
  request<T>(o: RawRequest): Promise<T>
  /**
   * Whole objects as they are and as they change, through every break of the connection, until the signal is aborted;
   * then it ends. Throws only when the first list is refused for good (403, 404, …).
   */
  listWatch<T extends KubeObject>(
    kind: ResourceKind<T>,
    o: Selection & { signal: AbortSignal },
  ): AsyncIterable<ListWatchEvent<T>>
  close(): Promise<void>
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

interface ListBody<T> {
  items?: T[] | null
  metadata?: { continue?: string; resourceVersion?: string }
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

  function target(
    kind: ResourceKind<KubeObject>,
    { namespace, name }: { namespace?: string | undefined; name?: string | undefined },
  ) {
    if (kind.namespaced && name !== undefined && namespace === undefined) {
      throw new TypeError(`Expected \`namespace\` for the ${kind.kind} \`${name}\`, got none`)
    }
    return {
      path: resourcePath(kind, { namespace, name }),
      object: {
        kind: kind.kind,
        ...(namespace === undefined ? {} : { namespace }),
        ...(name === undefined ? {} : { name }),
      },
      dates: kind.dates,
    }
  }

  async function listPage<T extends KubeObject>(
    kind: ResourceKind<T>,
    o: ListOptions,
    page: Query,
  ): Promise<ListBody<T>> {
    const { labelSelector, fieldSelector, signal } = o
    const { path, object } = target(kind, { namespace: o.namespace })
    const query = { labelSelector, fieldSelector, ...page }
    // A list is revived item by item below; the fields are those of one object.
    return (await unary.call({ method: 'GET', path, object, query, signal, repeatable: 'always' })) as ListBody<T>
  }

  async function list<T extends KubeObject>(
    kind: ResourceKind<T>,
    o: ListOptions = {},
  ): Promise<{ items: T[]; resourceVersion: string }> {
    const items: T[] = []
    let limit: number | undefined = o.limit ?? 500
    let next: string | undefined
    for (;;) {
      try {
        const body: ListBody<T> = await listPage(kind, o, { limit, continue: next })
        for (const item of body.items ?? []) {
          // Items of a list come without these two.
          item.apiVersion ??= kind.apiVersion
          item.kind ??= kind.kind
          if (kind.dates) reviveDates(kind.dates, item)
          items.push(item)
        }
        next = body.metadata?.continue
        if (!next) return { items, resourceVersion: body.metadata?.resourceVersion ?? '' }
      } catch (error) {
        if (!isGone(error) || next === undefined) throw error
        // The list took longer than the server keeps old versions. The rest would be of another time: take it whole.
        items.length = 0
        next = undefined
        limit = undefined
      }
    }
  }

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
    server: transport.server,
    list,
    listWatch: watches.listWatch,
    async get<T extends KubeObject>(kind: ResourceKind<T>, { name, namespace, signal }: Place & { name: string }) {
      return (await unary.call({
        method: 'GET',
        ...target(kind, { namespace, name }),
        signal,
        repeatable: 'always',
      })) as T
    },
    async create<T extends KubeObject>(kind: ResourceKind<T>, object: T, o: Place & { dryRun?: boolean } = {}) {
      const namespace = o.namespace ?? object.metadata?.namespace
      const place = target(kind, { namespace })
      const { name } = object.metadata ?? {}
      return (await unary.call({
        method: 'POST',
        ...place,
        object: { ...place.object, ...(name === undefined ? {} : { name }) },
        query: { dryRun: o.dryRun ? 'All' : undefined },
        body: { apiVersion: kind.apiVersion, kind: kind.kind, ...object },
        signal: o.signal,
        repeatable: 'when-not-applied',
      })) as T
    },
    async replace<T extends KubeObject>(kind: ResourceKind<T>, object: T, o: Place = {}) {
      const { name } = object.metadata ?? {}
      if (name === undefined) throw new TypeError(`Expected \`object.metadata.name\` of the ${kind.kind}, got none`)
      return (await unary.call({
        method: 'PUT',
        ...target(kind, { namespace: o.namespace ?? object.metadata?.namespace, name }),
        body: { apiVersion: kind.apiVersion, kind: kind.kind, ...object },
        signal: o.signal,
        repeatable: 'when-not-applied',
      })) as T
    },
    async patch<T extends KubeObject>(kind: ResourceKind<T>, o: PatchOptions) {
      const apply = o.type === 'apply'
      return (await unary.call({
        method: 'PATCH',
        ...target(kind, o),
        query: apply ? { fieldManager: o.fieldManager ?? userAgent, force: o.force } : {},
        headers: { 'content-type': patchTypes[o.type] },
        body: o.body,
        signal: o.signal,
        // Applying the same fields again changes nothing; other patches may undo what came between.
        repeatable: apply ? 'always' : 'when-not-applied',
      })) as T
    },
    async delete(kind, o) {
      const { propagationPolicy, gracePeriodSeconds, preconditions } = o
      const sure = preconditions?.uid !== undefined
      await unary.call({
        method: 'DELETE',
        ...target(kind, o),
        dates: undefined,
        body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, gracePeriodSeconds, preconditions },
        signal: o.signal,
        // Without a uid the second delete might hit another object of the same name.
        repeatable: sure ? 'always' : 'when-not-applied',
        doneWhenRepeated: sure ? [404] : [],
      })
    },
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
