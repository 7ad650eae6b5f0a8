import { ApiError, badRequest, fieldForbidden, fieldUnsupported, futureVersion, invalidOptions } from '../api-error.ts'
import { groupVersion } from '../kinds/resource-definition.ts'
import type { JsonObject, KubeObject } from '../types.ts'
import { faultsOf } from '../faults/faults.ts'
import type { ApiRequest, NamedRequest } from './context.ts'
import { sendJson } from './respond.ts'
import { requestMatcher } from './selectors.ts'
import { represent, representationOf, tableOf } from './table.ts'

/** A whole number of the query; 0 when it is absent. */
export function integerOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? ''
  if (text !== '' && !/^[+-]?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return Number(text)
}

function versionMatchOf(query: URLSearchParams): string | null {
  const match = query.get('resourceVersionMatch')
  if (match === null || match === '') return match
  const field = 'resourceVersionMatch'
  if (!query.get('resourceVersion')) {
    const why = 'resourceVersionMatch is forbidden unless resourceVersion is provided'
    throw invalidOptions('ListOptions', fieldForbidden(field, why))
  }
  if (query.get('continue')) {
    const why = 'resourceVersionMatch is forbidden when continue is provided'
    throw invalidOptions('ListOptions', fieldForbidden(field, why))
  }
  const known = ['Exact', 'NotOlderThan', '']
  if (!known.includes(match)) throw invalidOptions('ListOptions', fieldUnsupported(field, match, known))
  if (match === 'Exact' && query.get('resourceVersion') === '0') {
    const why = 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'
    throw invalidOptions('ListOptions', fieldForbidden(field, why))
  }
  return match
}

/** A resourceVersion of the query; undefined when it is absent, empty or 0 ("any"). */
export function revisionOf(query: URLSearchParams, of: 'list' | 'watch'): number | undefined {
  const text = query.get('resourceVersion')
  if (text === null || text === '' || text === '0') return undefined
  if (!/^\d+$/.test(text)) {
    const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`
    if (of === 'watch') throw new ApiError(500, undefined, why)
    throw badRequest(`invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(text)}: ${why}`)
  }
  return Number(text)
}

export function getObject(context: NamedRequest): void {
  const { cluster, resource, namespace, name, request, response, query } = context
  const object = cluster.objects.must(resource, namespace, name)
  const now = cluster.clock.wallTime()
  const as = representationOf(request.headers.accept)
  sendJson(
    response,
    200,
    represent(resource, object, as, { now, includeObject: query.get('includeObject'), withColumns: true }),
  )
}

interface ContinueToken {
  revision: number
  after: string
}

const expiredContinue = (token: string) =>
  new ApiError(
    410,
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
    undefined,
    { continue: token },
  )

const encodeToken = (token: ContinueToken) =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: `${token.after}\u0000` })).toString(
    'base64url',
  )

/** Reads base64 like Go, which stops at the first invalid byte; its JSON decoder does the same. */
function decodeToken(text: string): ContinueToken {
  const refuse = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`)
  const bad = /[^A-Za-z0-9_-]/.exec(text)?.index ?? (text.length % 4 === 1 ? text.length - 1 : -1)
  if (bad !== -1) throw refuse(`illegal base64 data at input byte ${bad}`)
  const bytes = Buffer.from(text, 'base64url')
  try {
    const { rv, start } = JSON.parse(bytes.toString('utf8')) as { rv: number; start: string }
    return { revision: rv, after: start.endsWith('\u0000') ? start.slice(0, -1) : start }
  } catch {
    throw refuse(`invalid character ${goCharacter(bytes[0] ?? 0)} looking for beginning of value`)
  }
}

/** A byte as Go quotes it. */
function goCharacter(byte: number): string {
  if (byte >= 0x20 && byte < 0x7f) return `'${String.fromCharCode(byte)}'`
  return byte < 0x80 ? `'\\x${byte.toString(16).padStart(2, '0')}'` : `'\\u${byte.toString(16).padStart(4, '0')}'`
}

const keyOf = (object: KubeObject) => `${object.metadata.namespace ?? ''}/${object.metadata.name}`

/**
 * Lists what is stored now. Pages carry the revision of the first one; when history before it was compacted the token
 * is refused with 410 and a fresh one, as the real server does.
 */
export function listObjects(context: ApiRequest): void {
  const { cluster, resource, namespace, request, response, query } = context
  const { store } = cluster
  const asked = revisionOf(query, 'list')
  const match = versionMatchOf(query)
  if (asked !== undefined && asked > store.revision) throw futureVersion(asked, store.revision)
  const { gone, stale } = faultsOf(request)
  if (gone || (match === 'Exact' && asked !== undefined && asked <= store.compactedRevision)) {
    throw new ApiError(410, 'Expired', 'The resourceVersion for the provided list is too old.')
  }
  const limit = integerOf(query, 'limit')
  const token = query.get('continue') ? decodeToken(query.get('continue') ?? '') : undefined
  if (token !== undefined && token.revision !== -1 && token.revision <= store.compactedRevision) {
    throw expiredContinue(encodeToken({ revision: -1, after: token.after }))
  }
  if (token !== undefined && asked !== undefined)
    throw badRequest('specifying resource version is not allowed when using continue')
  const matches = requestMatcher(resource, query)
  const newest = stale?.revision ?? store.revision
  const revision = token === undefined || token.revision === -1 ? newest : token.revision
  const all =
    stale === undefined
      ? cluster.objects.list(resource, namespace)
      : (stale.objects.get(resource.id) ?? []).filter(
          (object) => namespace === undefined || object.metadata.namespace === namespace,
        )
  const rest = token === undefined ? all : all.filter((object) => keyOf(object) > token.after)
  const picked = matches === undefined ? rest : rest.filter(matches)
  const page = limit > 0 ? picked.slice(0, limit) : picked
  const metadata: JsonObject = { resourceVersion: String(revision) }
  const last = page.at(-1)
  if (page.length < picked.length && last !== undefined) {
    metadata['continue'] = encodeToken({ revision, after: keyOf(last) })
    // The real server does not count what a selector may still drop.
    if (matches === undefined) metadata['remainingItemCount'] = picked.length - page.length
  }
  const as = representationOf(request.headers.accept)
  if (as === 'table') {
    const table = {
      now: cluster.clock.wallTime(),
      includeObject: query.get('includeObject'),
      metadata,
      withColumns: true,
    }
    sendJson(response, 200, tableOf(resource, page, table))
    return
  }
  const items = page.map(({ kind: _kind, apiVersion: _version, ...object }) => object)
  const list =
    as === 'metadata'
      ? {
          kind: 'PartialObjectMetadataList',
          apiVersion: 'meta.k8s.io/v1',
          metadata,
          items: page.map(({ metadata: own }) => ({ metadata: own })),
        }
      : { kind: `${resource.kind}List`, apiVersion: groupVersion(resource), metadata, items }
  sendJson(response, 200, list)
}
