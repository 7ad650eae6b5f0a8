import { parse as parseYaml } from 'yaml'
import { ApiError, badRequest, fieldForbidden, fieldRequired, fieldUnsupported, invalidOptions } from '../api-error.ts'
import { findKind } from '../kinds/registry.ts'
import { groupVersion } from '../kinds/resource-definition.ts'
import { cannotHandle, decodeObject, unknownFields } from '../schema/decode-object.ts'
import { definitionOf } from '../schema/kube-schema.ts'
import type { JsonObject } from '../types.ts'
import type { ApiRequest } from './context.ts'
import { isObject } from './merge-patch.ts'
import { parseObject, readBody } from './respond.ts'

const optionsOf: Record<string, string> = { POST: 'CreateOptions', PUT: 'UpdateOptions', PATCH: 'PatchOptions' }

/** Options of a write from its query. */
export interface WriteOptions {
  dryRun: boolean
  fieldValidation: 'Strict' | 'Warn' | 'Ignore'
}

/** The field manager; required for server-side apply, which alone may force. */
function checkManager(kind: string, { query, request }: Pick<ApiRequest, 'query' | 'request'>): void {
  const manager = query.get('fieldManager') ?? ''
  const applies = (request.headers['content-type'] ?? '').startsWith('application/apply-patch')
  if (kind === 'PatchOptions' && applies && manager === '')
    throw invalidOptions(kind, fieldRequired('fieldManager', 'is required for apply patch'))
  if (kind === 'PatchOptions' && !applies && query.has('force'))
    throw invalidOptions(kind, fieldForbidden('force', 'may not be specified for non-apply patch'))
  if (Buffer.byteLength(manager) > 128) {
    const message = 'Too long: may not be more than 128 bytes'
    throw invalidOptions(kind, { reason: 'FieldValueTooLong', message, field: 'fieldManager' })
  }
}

export function writeOptions({
  query,
  method,
  request,
}: Pick<ApiRequest, 'query' | 'method' | 'request'>): WriteOptions {
  const kind = optionsOf[method] ?? 'DeleteOptions'
  checkManager(kind, { query, request })
  const dryRun = query.getAll('dryRun').filter((value) => value !== '')
  if (dryRun.some((value) => value !== 'All')) throw invalidOptions(kind, fieldUnsupported('dryRun', dryRun, ['All']))
  const validation = query.get('fieldValidation') ?? ''
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(validation)) {
    throw invalidOptions(kind, fieldUnsupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']))
  }
  const fieldValidation = validation === 'Strict' || validation === 'Ignore' ? validation : 'Warn'
  return { dryRun: dryRun.length > 0, fieldValidation }
}

/** The error of Go's decoder for text that is not a JSON object. */
export function goJsonError(text: string, into: string): string {
  const start = text.trimStart()
  if (start === '') return 'unexpected end of JSON input'
  if (start.startsWith('[')) return `json: cannot unmarshal array into Go value of type ${into}`
  if (start.startsWith('{')) return 'unexpected end of JSON input'
  return `invalid character '${start[0]}' looking for beginning of value`
}

const typeStruct =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'

const unrecognised = ({ resource }: ApiRequest, raw: Buffer) => {
  const shown = raw.length === 0 ? '<empty>' : raw.subarray(0, 32).toString('hex')
  const why = goJsonError(raw.toString('utf8'), typeStruct)
  return badRequest(
    `the object provided is unrecognized (must be of type ${resource.kind}): couldn't get version/kind; json parse error: ${why} (${shown})`,
  )
}

/** Refuses a body of a kind other than the path's. */
function checkKind({ resource }: ApiRequest, body: JsonObject): void {
  const kind = String(body['kind'] ?? resource.kind)
  const apiVersion = String(body['apiVersion'] ?? groupVersion(resource))
  if (kind === resource.kind && apiVersion === groupVersion(resource)) return
  const version = apiVersion.split('/').at(-1) ?? ''
  const group = resource.group === '' ? 'core' : (resource.group.split('.')[0] ?? '')
  const why =
    findKind(apiVersion, kind) === undefined
      ? `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`
      : `converting (${version}.${kind}) to (${group}.${resource.kind}): unknown conversion`
  throw badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${resource.kind}: ${why}`)
}

function warn({ response }: ApiRequest, unknown: string[]): void {
  if (unknown.length === 0) return
  const texts = unknown.map((path) => `299 - ${JSON.stringify(`unknown field ${JSON.stringify(path)}`)}`)
  response.setHeader('warning', texts)
}

/** The object of a request's body, of the right kind, without unknown fields. */
export async function bodyObject(context: ApiRequest, { fieldValidation }: WriteOptions): Promise<JsonObject> {
  const raw = await readBody(context.request)
  const type = context.request.headers['content-type'] ?? ''
  let body: unknown
  if (type.includes('yaml')) body = parseYaml(raw.toString('utf8'))
  else if (!type.includes('protobuf') && !raw.toString('utf8', 0, 64).trimStart().startsWith('{')) {
    throw unrecognised(context, raw)
  } else body = parseObject(raw)
  if (!isObject(body)) throw unrecognised(context, raw)
  checkKind(context, body)
  const { resource } = context
  const decoded = decodeObject(body, definitionOf(resource))
  if (!decoded.ok) throw cannotHandle(resource.kind, resource.version, decoded.message)
  if (decoded.unknown.length > 0 && fieldValidation === 'Strict') {
    throw cannotHandle(resource.kind, resource.version, unknownFields(decoded.unknown))
  }
  if (fieldValidation === 'Warn') warn(context, decoded.unknown)
  return decoded.object
}

/** A value as Go's %v writes it. */
function goValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`
  if (!isObject(value)) return value === null ? '<nil>' : String(value)
  const fields = Object.keys(value).sort()
  return `map[${fields.map((key) => `${key}:${goValue(value[key])}`).join(' ')}]`
}

/** The result of a patch, without unknown fields; errors of a strategic patch show `patch`. */
export function patchedObject(
  context: ApiRequest,
  next: JsonObject,
  patch: unknown,
  options: WriteOptions,
): JsonObject {
  const decoded = decodeObject(next, definitionOf(context.resource))
  const refuse = (why: string) => {
    const shown = patch === undefined ? JSON.stringify(next) : goValue(patch)
    const cause = {
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(shown)}: ${why}`,
      field: 'patch',
    }
    return new ApiError(422, 'Invalid', ` "" is invalid: patch: ${cause.message}`, { causes: [cause] })
  }
  if (!decoded.ok) throw refuse(decoded.message)
  if (decoded.unknown.length > 0 && options.fieldValidation === 'Strict') throw refuse(unknownFields(decoded.unknown))
  if (options.fieldValidation === 'Warn') warn(context, decoded.unknown)
  return decoded.object
}

/** A path with indexes as server-side apply writes it: items of keyed lists by their name. */
function appliedPath(path: string, body: JsonObject): string {
  let at: unknown = body
  let text = ''
  for (const [, name, index] of path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    at = (at as JsonObject | undefined)?.[name ?? index ?? '']
    const key = isObject(at) ? at['name'] : undefined
    text += name === undefined ? (typeof key === 'string' ? `[name=${JSON.stringify(key)}]` : `[${index}]`) : `.${name}`
  }
  return text
}

/** A configuration for server-side apply, which refuses unknown fields whatever fieldValidation says. */
export function appliedObject({ resource }: ApiRequest, body: JsonObject): JsonObject {
  if (typeof body['kind'] !== 'string' || typeof body['apiVersion'] !== 'string') {
    throw badRequest('invalid object type: /, Kind=')
  }
  const decoded = decodeObject(body, definitionOf(resource))
  if (decoded.ok && decoded.unknown.length === 0) return decoded.object
  const { namespace, name } = (body['metadata'] ?? {}) as { namespace?: string; name?: string }
  const apiVersion = resource.group === '' ? `/${resource.version}` : groupVersion(resource)
  const texts = decoded.ok
    ? decoded.unknown.map((path) => `${appliedPath(path, body)}: field not declared in schema`)
    : [decoded.message]
  const why = texts.length === 1 ? texts[0] : `errors:\n${texts.map((text) => `  ${text}`).join('\n')}`
  throw new ApiError(
    500,
    undefined,
    `failed to create typed patch object (${namespace ?? ''}/${name ?? ''}; ${apiVersion}, Kind=${resource.kind}): ${why}`,
  )
}
