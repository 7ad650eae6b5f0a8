import { parse as parseYaml } from 'yaml'
import { ApiError, badRequest, notFound } from '../api-error.ts'
import { groupVersion } from '../kinds/resource-definition.ts'
import { checkBodyName } from '../store/objects.ts'
import type { JsonObject, KubeObject } from '../types.ts'
import { applyConfiguration } from './apply.ts'
import type { ApiRequest, NamedRequest } from './context.ts'
import { applyJsonPatch } from './json-patch.ts'
import { applyMergePatch, applyStrategicPatch, isObject } from './merge-patch.ts'
import { parseObject, readBody, sendJson } from './respond.ts'
import { requestMatcher } from './selectors.ts'
import { represent, representationOf } from './table.ts'

const dryRunOf = (query: URLSearchParams) => query.getAll('dryRun').includes('All')

const statusOnly = (context: ApiRequest) => context.subresource === 'status'

function reply(context: ApiRequest, status: number, object: KubeObject, headers: Record<string, string> = {}): void {
  const { request, response, resource, cluster } = context
  const as = representationOf(request.headers.accept)
  const shown = represent(resource, object, as, { now: cluster.clock.now(), includeObject: null, withColumns: true })
  sendJson(response, status, shown, headers)
}

function checkKind(context: ApiRequest, body: JsonObject, raw: Buffer): void {
  const { resource } = context
  const { kind, apiVersion } = body
  if (typeof kind !== 'string' && kind !== undefined) throw unrecognised(context, raw)
  if ((kind ?? resource.kind) !== resource.kind || (apiVersion ?? groupVersion(resource)) !== groupVersion(resource)) {
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: no kind "${String(kind)}" is registered for version "${String(apiVersion)}" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    )
  }
  if (body['metadata'] !== undefined && !isObject(body['metadata'])) throw unrecognised(context, raw)
}

const unrecognised = (context: ApiRequest, raw: Buffer) =>
  badRequest(
    `the object provided is unrecognized (must be of type ${context.resource.kind}): couldn't get version/kind; json parse error: ${raw.toString('utf8', 0, 64)} (${raw.subarray(0, 32).toString('hex')})`,
  )

async function bodyObject(context: ApiRequest): Promise<JsonObject> {
  const raw = await readBody(context.request)
  const type = context.request.headers['content-type'] ?? ''
  if (type.includes('yaml')) {
    const value: unknown = parseYaml(raw.toString('utf8'))
    if (!isObject(value)) throw unrecognised(context, raw)
    return value
  }
  const text = raw.toString('utf8').trimStart()
  if (text.length > 0 && !text.startsWith('{') && !type.includes('protobuf')) throw unrecognised(context, raw)
  const body = parseObject(raw)
  checkKind(context, body, raw)
  return body
}

export async function createObject(context: ApiRequest): Promise<void> {
  const body = await bodyObject(context)
  const { cluster, resource, namespace } = context
  reply(context, 201, cluster.objects.create(resource, namespace, body, dryRunOf(context.query)))
}

export async function replaceObject(context: NamedRequest): Promise<void> {
  const body = (await bodyObject(context)) as KubeObject
  const { cluster, resource, namespace, name, query } = context
  body.metadata = { ...body.metadata }
  checkBodyName(resource, name, namespace, body)
  if (resource.namespaced && namespace !== undefined) body.metadata.namespace = namespace
  const dryRun = dryRunOf(query)
  reply(context, 200, cluster.objects.update(resource, body, { part: statusOnly(context) ? 'status' : 'spec', dryRun }))
}

function patched(type: string, old: KubeObject, raw: Buffer): KubeObject {
  const copy = structuredClone(old) as unknown as JsonObject
  const parsed = (): unknown => {
    try {
      return JSON.parse(raw.toString('utf8'))
    } catch (error) {
      throw badRequest(`error decoding patch: ${(error as Error).message}`)
    }
  }
  if (type === 'application/json-patch+json') return applyJsonPatch(copy, parsed()) as unknown as KubeObject
  if (type === 'application/merge-patch+json') return applyMergePatch(copy, parsed()) as KubeObject
  const patch = parsed()
  if (!isObject(patch)) throw badRequest('error decoding patch: an object is expected')
  return applyStrategicPatch(copy, patch) as unknown as KubeObject
}

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/apply-patch+cbor',
]

export async function patchObject(context: NamedRequest): Promise<void> {
  const { cluster, resource, namespace, name, query, request } = context
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? ''
  if (!patchTypes.includes(type)) {
    throw new ApiError(
      415,
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${patchTypes.slice(0, 4).join(', ')}`,
    )
  }
  const raw = await readBody(request)
  const dryRun = dryRunOf(query)
  const part = statusOnly(context) ? 'status' : 'spec'
  if (type === 'application/apply-patch+yaml') {
    const body: unknown = parseYaml(raw.toString('utf8'))
    if (!isObject(body)) throw badRequest('error decoding YAML: an object is expected')
    const { object, created } = applyConfiguration(context, body, { dryRun, part })
    reply(context, created ? 201 : 200, object)
    return
  }
  const old = cluster.objects.get(resource, namespace, name)
  if (old === undefined) throw notFound(resource, name)
  const next = patched(type, old, raw)
  checkBodyName(resource, name, namespace, next)
  reply(context, 200, cluster.objects.update(resource, next, { part, dryRun }))
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
  const policy = context.query.get('propagationPolicy')
  return {
    ...(body.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: body.gracePeriodSeconds }),
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(body.propagationPolicy === undefined ? {} : { propagationPolicy: body.propagationPolicy }),
    ...(policy === null ? {} : { propagationPolicy: policy }),
    ...(body.orphanDependents === undefined ? {} : { orphanDependents: body.orphanDependents }),
    ...(body.preconditions === undefined ? {} : { preconditions: body.preconditions }),
    dryRun: dryRunOf(context.query) || (body.dryRun ?? []).includes('All'),
  }
}

/** Kinds whose DELETE answers with the object also when it is gone. */
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
