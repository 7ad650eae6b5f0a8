import { parse as parseYaml } from 'yaml'
import { ApiError, badRequest, fieldInvalid, invalid, notFound } from '../api-error.ts'
import { groupVersion } from '../kinds/resource-definition.ts'
import { checkBodyName } from '../store/objects.ts'
import type { JsonObject, KubeObject } from '../types.ts'
import { applyConfiguration } from './apply.ts'
import type { ApiRequest, NamedRequest } from './context.ts'
import { applyJsonPatch } from './json-patch.ts'
import { noteUpdate } from './managed-fields.ts'
import { applyMergePatch, applyStrategicPatch, isObject } from './merge-patch.ts'
import { appliedObject, bodyObject, goJsonError, patchedObject, writeOptions } from './decode-body.ts'
import { integerOf } from './read.ts'
import { parseObject, readBody, sendJson } from './respond.ts'
import { requestMatcher } from './selectors.ts'
import { represent, representationOf } from './table.ts'

const statusOnly = (context: ApiRequest) => context.subresource === 'status'

function reply(context: ApiRequest, status: number, object: KubeObject, headers: Record<string, string> = {}): void {
  const { request, response, resource, cluster } = context
  const as = representationOf(request.headers.accept)
  const shown = represent(resource, object, as, {
    now: cluster.clock.wallTime(),
    includeObject: null,
    withColumns: true,
  })
  sendJson(response, status, shown, headers)
}

export async function createObject(context: ApiRequest): Promise<void> {
  const options = writeOptions(context)
  const body = await bodyObject(context, options)
  const { cluster, resource, namespace } = context
  const made = body as KubeObject
  made.metadata = { ...made.metadata }
  reply(
    context,
    201,
    cluster.objects.create(
      resource,
      namespace,
      noteUpdate(context, undefined, made) as unknown as JsonObject,
      options.dryRun,
    ),
  )
}

export async function replaceObject(context: NamedRequest): Promise<void> {
  const options = writeOptions(context)
  const body = (await bodyObject(context, options)) as KubeObject
  const { cluster, resource, namespace, name } = context
  body.metadata = { ...body.metadata }
  checkBodyName(resource, name, namespace, body)
  if (resource.namespaced && namespace !== undefined) body.metadata.namespace = namespace
  const part = statusOnly(context) ? 'status' : 'spec'
  resource.defaults?.(body)
  const noted = noteUpdate(context, cluster.objects.get(resource, namespace, name), body)
  reply(context, 200, cluster.objects.update(resource, noted, { part, dryRun: options.dryRun }))
}

/** Fields sorted by name, as the server's merge leaves them. */
const byName = (value: unknown): unknown =>
  isObject(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, byName(value[key])]),
      )
    : value

/** The patched object, and the patch itself if errors show it. */
function patched(type: string, old: KubeObject, raw: Buffer): { next: JsonObject; shown?: JsonObject } {
  const copy = structuredClone(old) as unknown as JsonObject
  const text = raw.toString('utf8')
  const into = type === 'application/json-patch+json' ? '[]handlers.jsonPatchOp' : 'map[string]interface {}'
  let patch: unknown
  try {
    patch = JSON.parse(text)
  } catch {
    throw badRequest(`error decoding patch: ${goJsonError(text, into)}`)
  }
  if (type === 'application/json-patch+json') {
    if (!Array.isArray(patch))
      throw badRequest(`error decoding patch: json: cannot unmarshal object into Go value of type ${into}`)
    return { next: applyJsonPatch(copy, patch) as JsonObject }
  }
  if (!isObject(patch)) throw badRequest(`error decoding patch: ${goJsonError(text, into)}`)
  if (type === 'application/merge-patch+json') return { next: byName(applyMergePatch(copy, patch)) as JsonObject }
  return { next: applyStrategicPatch(copy, patch), shown: patch }
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/apply-patch+cbor',
]

export async function patchObject(context: NamedRequest): Promise<void> {
  const { cluster, resource, namespace, name, request } = context
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? ''
  if (!patchTypes.includes(type)) {
    throw new ApiError(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${patchTypes.slice(0, 4).join(', ')}`,
    )
  }
  const options = writeOptions(context)
  const raw = await readBody(request)
  const { dryRun } = options
  const part = statusOnly(context) ? 'status' : 'spec'
  if (type === 'application/apply-patch+yaml') {
    const body: unknown = parseYaml(raw.toString('utf8'))
    if (!isObject(body)) throw badRequest('error decoding YAML: an object is expected')
    const { object, created } = applyConfiguration(context, appliedObject(context, body), { dryRun, part })
    reply(context, created ? 201 : 200, object)
    return
  }
  const old = cluster.objects.get(resource, namespace, name)
  if (old === undefined) throw notFound(resource, name)
  const { next, shown } = patched(type, old, raw)
  const wanted = patchedObject(context, next, shown, options) as KubeObject
  checkBodyName(resource, name, namespace, wanted)
  resource.defaults?.(wanted)
  if (wanted.metadata.uid !== undefined && wanted.metadata.uid !== old.metadata.uid) {
    // Metadata is validated twice on an update, once for every kind and once by the kind itself.
    const cause = fieldInvalid('metadata.uid', wanted.metadata.uid, 'field is immutable')
    throw invalid(resource, name, [cause, cause])
  }
  reply(context, 200, cluster.objects.update(resource, noteUpdate(context, old, wanted), { part, dryRun }))
}

interface DeleteBody {
  gracePeriodSeconds?: number
  propagationPolicy?: string
  orphanDependents?: boolean
  preconditions?: { uid?: string; resourceVersion?: string }
  dryRun?: string[]
}

async function deleteOptions(context: ApiRequest) {
  const raw = await readBody(context.request)
  const body = (raw.length === 0 ? {} : parseObject(raw)) as DeleteBody
  const grace = context.query.get('gracePeriodSeconds')
  integerOf(context.query, 'gracePeriodSeconds')
  const policy = context.query.get('propagationPolicy')
  return {
    ...(body.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: body.gracePeriodSeconds }),
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(body.propagationPolicy === undefined ? {} : { propagationPolicy: body.propagationPolicy }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(body.orphanDependents === undefined ? {} : { orphanDependents: body.orphanDependents }),
    ...(body.preconditions === undefined ? {} : { preconditions: body.preconditions }),
    dryRun: writeOptions(context).dryRun || (body.dryRun ?? []).includes('All'),
  }
}

/** Kinds whose DELETE returns the object even when it is already removed. */
const returnsObject = new Set(['pods', 'persistentvolumeclaims', 'serviceaccounts', 'resourcequotas'])

export async function deleteObject(context: NamedRequest): Promise<void> {
  const options = await deleteOptions(context)
  const { cluster, resource, namespace, name, response } = context
  const { object, gone } = cluster.objects.delete(resource, namespace, name, options)
  const warning =
    resource.plural === 'jobs' && options.propagationPolicy === undefined && options.orphanDependents === undefined
      ? {
          warning:
            '299 - "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"',
        }
      : {}
  if (!gone || returnsObject.has(resource.plural)) {
    reply(context, 200, object, warning)
    return
  }
  const group = resource.group === '' ? {} : { group: resource.group }
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...group, kind: resource.plural, uid: object.metadata.uid },
  }
  sendJson(response, 200, status, warning)
}

export async function deleteCollection(context: ApiRequest): Promise<void> {
  const options = await deleteOptions(context)
  const { cluster, resource, namespace, query, response } = context
  const matches = requestMatcher(resource, query)
  const found = cluster.objects.list(resource, namespace).filter((object) => matches === undefined || matches(object))
  const items = found.map(
    (object) => cluster.objects.delete(resource, object.metadata.namespace, object.metadata.name, options).object,
  )
  sendJson(response, 200, {
    kind: `${resource.kind}List`,
    apiVersion: groupVersion(resource),
    metadata: { resourceVersion: String(cluster.store.revision) },
    items,
  })
}
