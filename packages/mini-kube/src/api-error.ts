import type { JsonObject } from './types.ts'

const marker = Symbol.for('agent-jobs.mini-kube.api-error')

/** One entry of `details.causes` in a Status. */
export interface StatusCause {
  reason: string
  message: string
  field?: string
}

/** The Kubernetes form of a refused request: thrown inside the server, sent as a `Status`. */
export class ApiError extends Error {
  readonly code: number
  readonly reason: string | undefined
  readonly details: JsonObject | undefined
  readonly metadata: JsonObject
  readonly [marker] = true

  constructor(
    code: number,
    reason: string | undefined,
    message: string,
    details?: JsonObject,
    metadata: JsonObject = {},
  ) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.reason = reason
    this.details = details
    this.metadata = metadata
  }

  /** True for an ApiError of any copy of this package. */
  static isInstance(error: unknown): error is ApiError {
    return typeof error === 'object' && error !== null && marker in error
  }

  /** The JSON body as the real server writes it, key order included. */
  toStatus(): JsonObject {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata,
      status: 'Failure',
      message: this.message,
      ...(this.reason === undefined ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    }
  }
}

/** What names a resource in messages: `jobs.batch`, `pods`. */
export interface ResourceName {
  group: string
  plural: string
  kind: string
}

const qualified = (resource: ResourceName) =>
  resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`
const details = (resource: ResourceName, name: string) => ({
  name,
  ...(resource.group === '' ? {} : { group: resource.group }),
  kind: resource.plural,
})

export const notFound = (resource: ResourceName, name: string) =>
  new ApiError(404, 'NotFound', `${qualified(resource)} "${name}" not found`, details(resource, name))

export const pathNotFound = () => new ApiError(404, 'NotFound', 'the server could not find the requested resource', {})

export const alreadyExists = (resource: ResourceName, name: string, deleting: boolean) =>
  new ApiError(
    409,
    'AlreadyExists',
    deleting
      ? `object is being deleted: ${qualified(resource)} "${name}" already exists`
      : `${qualified(resource)} "${name}" already exists`,
    details(resource, name),
  )

export const conflict = (resource: ResourceName, name: string, why: string) =>
  new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
    details(resource, name),
  )

/** A precondition that does not hold; this one message names the kind, not the resource. */
export const preconditionConflict = (resource: ResourceName, name: string, why: string) =>
  conflict({ ...resource, plural: resource.kind }, name, why)

export const modifiedConflict = (resource: ResourceName, name: string) =>
  conflict(
    resource,
    name,
    'the object has been modified; please apply your changes to the latest version and try again',
  )

export const badRequest = (message: string) => new ApiError(400, 'BadRequest', message)

export const forbidden = (resource: ResourceName, name: string | undefined, why: string, withKind = true) =>
  new ApiError(
    403,
    'Forbidden',
    name === undefined
      ? `${qualified(resource)} is forbidden: ${why}`
      : `${qualified(resource)} "${name}" is forbidden: ${why}`,
    withKind
      ? {
          ...(name === undefined ? {} : { name }),
          ...(resource.group === '' ? {} : { group: resource.group }),
          kind: resource.plural,
        }
      : undefined,
  )

const causeText = (cause: StatusCause) => `${cause.field}: ${cause.message}`

/** 422 with one or more field errors, joined the way Kubernetes joins them. */
export function invalid(resource: ResourceName, name: string, causes: StatusCause[]): ApiError {
  const kind = resource.group === '' ? resource.kind : `${resource.kind}.${resource.group}`
  // Equal messages appear once, although every cause is listed.
  const texts = [...new Set(causes.map(causeText))]
  const text = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  return new ApiError(422, 'Invalid', `${kind} "${name}" is invalid: ${text}`, {
    ...(name === '' ? {} : { name }),
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.kind,
    causes,
  })
}

export const fieldInvalid = (field: string, value: unknown, why: string): StatusCause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value)}: ${why}`,
  field,
})
export const fieldRequired = (field: string, why = ''): StatusCause => ({
  reason: 'FieldValueRequired',
  message: why === '' ? 'Required value' : `Required value: ${why}`,
  field,
})
export const fieldDuplicate = (field: string, value: unknown): StatusCause => ({
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${JSON.stringify(value)}`,
  field,
})
export const fieldForbidden = (field: string, why: string): StatusCause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${why}`,
  field,
})
export const fieldUnsupported = (field: string, value: unknown, supported: string[]): StatusCause => ({
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported.map((s) => JSON.stringify(s)).join(', ')}`,
  field,
})

/** The refusal of a request's own options. */
export const invalidOptions = (kind: string, cause: StatusCause) =>
  new ApiError(422, 'Invalid', `${kind}.meta.k8s.io "" is invalid: ${causeText(cause)}`, {
    group: 'meta.k8s.io',
    kind,
    causes: [cause],
  })

export const expiredVersion = (asked: number, oldest: number) =>
  new ApiError(410, 'Expired', `too old resource version: ${asked} (${oldest})`)

export const futureVersion = (asked: number, current: number) =>
  new ApiError(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
