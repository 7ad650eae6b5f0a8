import { KubeError } from './kube-error.ts'

interface ErrorShape {
  readonly status: number | undefined
  readonly reason: string | undefined
  readonly message: string
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
}

function asStatus(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599 ? value : undefined
}

function parseBody(body: unknown): unknown {
  if (typeof body !== 'string') return body
  try {
    return JSON.parse(body)
  } catch (error) {
    if (error instanceof SyntaxError) return { message: body }
    throw error
  }
}

/**
 * client-node threw `{response: {statusCode, body}, body, statusCode}` until 0.22 (request), `{code, body: text, headers}`
 * since 1.0 (fetch), and passes plain Status objects to watch callbacks.
 */
function readShape(error: unknown): ErrorShape {
  if (KubeError.isInstance(error)) return { status: error.status, reason: error.reason, message: error.message }
  const response = field(error, 'response')
  const bodies = [field(error, 'body'), field(response, 'body'), field(response, 'data')].map(parseBody)
  const statuses = [
    field(error, 'statusCode'),
    field(error, 'code'),
    field(error, 'status'),
    field(response, 'statusCode'),
    field(response, 'status'),
    ...bodies.map((body) => field(body, 'code')),
  ]
  const texts = (key: string) =>
    [...bodies, error].map((body) => field(body, key)).find((value) => typeof value === 'string' && value !== '')
  const reason = texts('reason')
  const message = texts('message')
  return {
    status: statuses.map(asStatus).find((status) => status !== undefined),
    reason: typeof reason === 'string' ? reason : undefined,
    message: typeof message === 'string' ? message : '',
  }
}

const hasStatus = (error: unknown, status: number) => readShape(error).status === status

/** True for a 404, whichever client threw it. */
export const isNotFound = (error: unknown): boolean => hasStatus(error, 404)

/** True for the 409 of a create whose name is taken. */
export function isAlreadyExists(error: unknown): boolean {
  const { status, reason, message } = readShape(error)
  if (status !== 409) return false
  return reason === undefined || reason === 'Unknown' ? message.includes('already exists') : reason === 'AlreadyExists'
}

/** True for a 409 of a changed object or a failed precondition; false for a taken name. */
export const isConflict = (error: unknown): boolean => hasStatus(error, 409) && !isAlreadyExists(error)

/** True for a 410: the resource version or continue token is too old, as HTTP status or as a watch event. */
export const isGone = (error: unknown): boolean => hasStatus(error, 410)

/** True for a 403. */
export const isForbidden = (error: unknown): boolean => hasStatus(error, 403)

/** True for a 401. */
export const isUnauthorized = (error: unknown): boolean => hasStatus(error, 401)

/** True for a 422. */
export const isInvalid = (error: unknown): boolean => hasStatus(error, 422)

/** True for a 429. */
export const isTooManyRequests = (error: unknown): boolean => hasStatus(error, 429)
