import { ApiError, expiredVersion, invalid } from '../api-error.ts'
import { groupVersion } from '../kinds/resource-definition.ts'
import type { StoreEvent } from '../store/object-store.ts'
import type { JsonObject, KubeObject } from '../types.ts'
import type { ApiRequest } from './context.ts'
import { faultsOf } from '../faults/faults.ts'
import { integerOf, revisionOf } from './read.ts'
import { jsonOf } from './respond.ts'
import { requestMatcher, type Matcher } from './selectors.ts'
import { represent, representationOf } from './table.ts'

/** A watcher with this many unread bytes is disconnected, as the real watch cache does with slow readers. */
const backlogLimit = 16 * 1024 * 1024

type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED'

/** What one change is for a watcher with a selector: objects enter and leave its view. */
function seenThrough(
  event: StoreEvent,
  matches: Matcher | undefined,
): { type: WatchType; object: KubeObject } | undefined {
  if (matches === undefined) return { type: event.type, object: event.object }
  const before = event.previous !== undefined && matches(event.previous)
  const after = event.type !== 'DELETED' && matches(event.object)
  if (after) return { type: before ? 'MODIFIED' : 'ADDED', object: event.object }
  if (!before) return undefined
  if (event.type === 'DELETED') return { type: 'DELETED', object: event.object }
  // The last state that matched, with the version of the change that took it out of view.
  const previous = event.previous as KubeObject
  const { resourceVersion } = event.object.metadata
  return { type: 'DELETED', object: { ...previous, metadata: { ...previous.metadata, resourceVersion } } }
}

function checkQuery(context: ApiRequest): { initial: boolean; bookmarks: boolean } {
  const { query, resource } = context
  const initial = query.get('sendInitialEvents') === 'true'
  const match = query.get('resourceVersionMatch')
  if (query.has('sendInitialEvents') && match !== 'NotOlderThan') {
    throw invalid({ group: 'meta.k8s.io', plural: resource.plural, kind: 'ListOptions' }, '', [
      {
        reason: 'FieldValueForbidden',
        message: 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
        field: 'resourceVersionMatch',
      },
    ])
  }
  if (match !== null && !query.has('sendInitialEvents')) {
    throw invalid({ group: 'meta.k8s.io', plural: resource.plural, kind: 'ListOptions' }, '', [
      {
        reason: 'FieldValueForbidden',
        message: 'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
        field: 'resourceVersionMatch',
      },
    ])
  }
  integerOf(query, 'timeoutSeconds')
  return { initial, bookmarks: query.get('allowWatchBookmarks') === 'true' || query.get('allowWatchBookmarks') === '1' }
}

/** Streams changes until the client leaves, the time is up or the cluster closes. */
export async function watchObjects(context: ApiRequest): Promise<void> {
  const { cluster, resource, namespace, request, response, query, signal } = context
  const { store } = cluster
  const { initial, bookmarks } = checkQuery(context)
  const asked = revisionOf(query, 'watch')
  const byQuery = requestMatcher(resource, query)
  const inNamespace = (object: KubeObject) => namespace === undefined || object.metadata.namespace === namespace
  const matches: Matcher | undefined =
    namespace === undefined ? byQuery : (object) => inNamespace(object) && (byQuery === undefined || byQuery(object))
  const as = representationOf(request.headers.accept)
  const ended = new AbortController()
  const faults = faultsOf(request)
  let withColumns = true

  const write = (text: string) => {
    if (response.destroyed) return
    response.write(text)
    if (response.writableLength > backlogLimit) ended.abort(new Error('the watcher does not read'))
  }
  const send = (type: string, object: KubeObject) => {
    const shown = represent(resource, object, as, {
      now: cluster.clock.wallTime(),
      includeObject: query.get('includeObject'),
      withColumns,
    })
    withColumns = false
    write(`{"type":"${type}","object":${jsonOf(shown)}}\n`)
  }
  const bookmark = (annotations?: Record<string, string>) => {
    const object: JsonObject = {
      kind: resource.kind,
      apiVersion: groupVersion(resource),
      metadata: { resourceVersion: String(store.revision), ...(annotations === undefined ? {} : { annotations }) },
      ...(resource.hasGeneration ? blankParts(resource.kind) : {}),
    }
    const shown =
      as === 'object'
        ? object
        : represent(resource, object as KubeObject, as, {
            now: cluster.clock.wallTime(),
            includeObject: 'None',
            withColumns: false,
          })
    write(`${JSON.stringify({ type: 'BOOKMARK', object: shown })}\n`)
  }

  response.writeHead(200, { 'cache-control': 'no-cache, private', 'content-type': 'application/json' })
  response.flushHeaders()
  const stop = AbortSignal.any([signal, ended.signal])
  // A version from the future is answered with silence; only changes beyond it are sent.
  let floor = asked ?? 0
  const onEvent = (event: StoreEvent) => {
    if (event.revision <= floor) return
    const seen = seenThrough(event, matches)
    if (seen === undefined) return
    for (let copies = faults.copies(); copies > 0; copies--) send(seen.type, seen.object)
  }
  try {
    if (faults.gone) throw expiredVersion(asked ?? 0, store.revision)
    if (initial || asked === undefined) {
      for (const object of cluster.objects.list(resource, namespace)) {
        if (byQuery === undefined || byQuery(object)) send('ADDED', object)
      }
      floor = store.revision
      if (initial && bookmarks) bookmark({ 'k8s.io/initial-events-end': 'true' })
    } else {
      for (const event of store.since(resource.id, asked)) onEvent(event)
    }
  } catch (error) {
    if (!ApiError.isInstance(error)) throw error
    write(`${JSON.stringify({ type: 'ERROR', object: error.toStatus() })}\n`)
    response.end()
    return
  }
  const unsubscribe = store.subscribe(resource.id, onEvent)
  try {
    await untilTimeUp(context, bookmarks ? bookmark : undefined, stop)
  } finally {
    unsubscribe()
    if (ended.signal.aborted) response.destroy()
    else response.end()
  }
}

const blankParts = (kind: string) =>
  kind === 'Pod'
    ? { spec: { containers: null }, status: {} }
    : { spec: { template: { metadata: {}, spec: { containers: null } } }, status: {} }

/** Sends bookmarks once a minute and one two seconds before the end, as a real server does (docs/kubernetes-facts.md#watches). */
async function untilTimeUp(context: ApiRequest, bookmark: (() => void) | undefined, stop: AbortSignal): Promise<void> {
  const { clock, timing, random } = context.cluster
  const seconds = integerOf(context.query, 'timeoutSeconds')
  const start = clock.now()
  // Without its own limit, a watch lasts 30 to 60 minutes.
  const end = start + (seconds > 0 ? seconds * 1_000 : 1_800_000 * (1 + random()))
  const last = seconds >= 60 ? end - 2_000 : Number.POSITIVE_INFINITY
  let lastSent = false
  while (clock.now() < end && !stop.aborted) {
    const beforeEnd = lastSent ? Number.POSITIVE_INFINITY : last
    const next = Math.min(end, beforeEnd, bookmark === undefined ? end : clock.now() + timing.bookmarkMs)
    try {
      await clock.sleep(Math.max(1, next - clock.now()), stop)
    } catch (error) {
      if (stop.aborted) return
      throw error
    }
    if (clock.now() >= last) lastSent = true
    if (clock.now() < end) bookmark?.()
  }
}
