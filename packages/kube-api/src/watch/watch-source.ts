import { readJsonLines } from './json-lines.ts'
import { refuseForeignStream } from '../foreign-answer.ts'
import { KubeError } from '../kube-error.ts'
import { reviveDates } from '../date-fields.ts'
import { queryString, type Query } from '../query-string.ts'
import { resourcePath, type KubeObject, type ResourceKind } from '../resource-kind.ts'
import { parseStatus, statusError } from '../status-error.ts'
import type { Transport } from '../transport.ts'

/** What to list and watch. */
export interface Selection {
  readonly namespace?: string | undefined
  readonly labelSelector?: string | undefined
  readonly fieldSelector?: string | undefined
}

/** One event of a watch, as the reflector needs it. */
export type WatchFrame<T> =
  | { readonly type: 'object'; readonly alive: boolean; readonly object: T }
  | { readonly type: 'bookmark'; readonly resourceVersion: string; readonly initialEventsEnd: boolean }

/** How to start one watch request. */
export interface WatchStart {
  /** Continue after this version; without it, begin with the whole state (WatchList). */
  readonly resourceVersion: string | undefined
  readonly timeoutSeconds: number
  readonly signal: AbortSignal
  /** Called for every piece that arrives, also for a part of an event. */
  readonly onBytes: () => void
}

/** Opens watches of one kind and selection. */
export interface WatchSource<T> {
  /** What is watched, for messages. */
  readonly name: string
  watch(start: WatchStart): Promise<AsyncIterable<WatchFrame<T>>>
}

// An object is at most 1.5 MiB in etcd; aggregated servers may send more. A test sends 8 MiB.
const maxLineBytes = 32 * 1_048_576

const firstHeadersMs = 10_000

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function readFrame<T extends KubeObject>(kind: ResourceKind<T>, line: unknown, path: string): WatchFrame<T> {
  const object = isRecord(line) ? line['object'] : undefined
  if (!isRecord(line) || !isRecord(object)) {
    throw new KubeError({
      code: 'bad_response',
      message: `GET ${path}: an event has no object: ${JSON.stringify(line).slice(0, 200)}.`,
      retryable: true,
    })
  }
  const metadata: Record<string, unknown> = isRecord(object['metadata']) ? object['metadata'] : {}
  switch (line['type']) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (kind.dates) reviveDates(kind.dates, object)
      return { type: 'object', alive: line['type'] !== 'DELETED', object: object as T }
    case 'BOOKMARK': {
      const annotations = isRecord(metadata['annotations']) ? metadata['annotations'] : {}
      return {
        type: 'bookmark',
        resourceVersion: String(metadata['resourceVersion'] ?? ''),
        initialEventsEnd: annotations['k8s.io/initial-events-end'] === 'true',
      }
    }
    case 'ERROR': {
      const status = typeof object['code'] === 'number' ? object['code'] : 500
      throw statusError({ method: 'GET', path }, { status, headers: {}, body: object })
    }
    default:
      throw new KubeError({
        code: 'bad_response',
        message: `GET ${path}: an event of the unknown type ${JSON.stringify(line['type'])}.`,
        retryable: true,
      })
  }
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body) {
    pieces.push(piece)
    size += piece.length
    // An error is a small Status object; anything longer is a proxy's page, and its beginning is enough.
    if (size > 65_536) break
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** Creates the source that reads from an API server. */
export function createWatchSource<T extends KubeObject>(
  { transport, headersTimeoutMs }: { transport: Transport; headersTimeoutMs: number },
  kind: ResourceKind<T>,
  { namespace, labelSelector, fieldSelector }: Selection,
): WatchSource<T> {
  const collection = resourcePath(kind, { namespace })

  async function* frames(body: AsyncIterable<Uint8Array>, path: string, onBytes: () => void) {
    async function* noticed() {
      for await (const piece of body) {
        onBytes()
        yield piece
      }
    }
    for await (const line of readJsonLines(noticed(), { source: `GET ${path}`, maxLineBytes })) {
      yield readFrame(kind, line, path)
    }
  }

  return {
    name: `${kind.plural}${namespace === undefined ? '' : ` in ${namespace}`}`,
    async watch({ resourceVersion, timeoutSeconds, signal, onBytes }) {
      const start: Query =
        resourceVersion === undefined
          ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
          : { resourceVersion }
      const query = { watch: true, allowWatchBookmarks: true, timeoutSeconds, labelSelector, fieldSelector, ...start }
      const path = collection + queryString(query)
      const object = { kind: kind.kind, ...(namespace === undefined ? {} : { namespace }) }
      // A proxy that holds the headers back must not use up the full time limit of a call for the first state.
      const timeoutMs = resourceVersion === undefined ? Math.min(headersTimeoutMs, firstHeadersMs) : headersTimeoutMs
      const stream = await transport.open({ method: 'GET', path, object, timeoutMs, signal })
      const line = { method: 'GET', path, object }
      if (stream.status === 200) {
        refuseForeignStream(line, stream.status, stream.headers)
        return frames(stream.body, path, onBytes)
      }
      const body = parseStatus(await readAll(stream.body))
      throw statusError(line, { status: stream.status, headers: stream.headers, body })
    },
  }
}
