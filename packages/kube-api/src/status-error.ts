import { classifyRefusal, type Refusal } from './refusal.ts'
import { redirectAdvice } from './foreign-answer.ts'
import type { RequestLine } from './request-line.ts'
import { KubeError, type KubeErrorCode } from './kube-error.ts'

/** The parts of `kind: Status` that matter. */
export interface StatusBody {
  readonly message?: string
  readonly reason?: string
  readonly code?: number
  readonly details?: {
    readonly name?: string
    readonly kind?: string
    readonly retryAfterSeconds?: number
    readonly causes?: readonly { readonly reason?: string }[]
  }
}

function codeOf(status: number, reason: string | undefined): KubeErrorCode {
  switch (status) {
    case 400:
      return 'bad_request'
    case 401:
      return 'unauthorized'
    case 403:
      return 'forbidden'
    case 404:
      return 'not_found'
    case 409:
      return reason === 'AlreadyExists' ? 'already_exists' : 'conflict'
    case 410:
      return 'gone'
    case 422:
      return 'invalid'
    case 429:
      return 'too_many_requests'
    case 503:
      return 'unavailable'
    case 408:
    case 504:
      return 'timeout'
    default:
      return status >= 500 ? 'server_error' : 'unexpected_status'
  }
}

const advice: Partial<Record<KubeErrorCode, string>> = {
  unauthorized:
    'The credentials were refreshed once and are still refused; renew the token or certificate of this user.',
  forbidden: 'Read the reason above; `kubectl auth can-i` shows what this user may do.',
  conflict: 'Read the object again and decide on what it says now.',
  gone: 'List again and watch from the version of the list.',
  invalid: 'Correct the field that the message names.',
  too_many_requests: 'Wait as long as the server asks, then repeat.',
  unavailable: 'The API server is starting, stopping or overloaded; repeat later.',
}

const retryableCodes = new Set<KubeErrorCode>(['too_many_requests', 'server_error', 'unavailable', 'timeout'])

/** Reads `Retry-After`: seconds, or a date, which is compared with the server's own `Date` and never with our clock. */
export function readRetryAfter(headers: Readonly<Record<string, string>>, body?: StatusBody): number | undefined {
  const text = headers['retry-after']
  if (text !== undefined) {
    if (/^\d+$/.test(text.trim())) return Number(text) * 1_000
    const wait = Date.parse(text) - Date.parse(headers['date'] ?? '')
    if (Number.isFinite(wait)) return Math.max(0, wait)
  }
  const seconds = body?.details?.retryAfterSeconds
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined
}

/** Parses a body as a Status object; any other text (a proxy's page) becomes its message, cut to 500 characters. */
export function parseStatus(text: string): StatusBody {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const short = text.replaceAll(/\s+/g, ' ').trim()
  return short === '' ? {} : { message: short.length > 500 ? `${short.slice(0, 500)}…` : short }
}

function refusalOf(status: number, body: StatusBody): Refusal | undefined {
  const { message, details } = body
  if (typeof message !== 'string') return undefined
  const causes = Array.isArray(details?.causes) ? details.causes : undefined
  return classifyRefusal({ message, status, causes })
}

/** Creates the error of a response that is not 2xx, or of an ERROR event of a watch. */
export function statusError(
  request: RequestLine,
  answer: { status: number; headers: Readonly<Record<string, string>>; body: StatusBody; maybeApplied?: boolean },
): KubeError {
  const { status, headers, body } = answer
  const code = codeOf(status, body.reason)
  const seen = [
    `${request.method} ${request.path} answered ${status}`,
    body.reason ? ` ${body.reason}` : '',
    body.message ? `: ${body.message}` : '',
  ].join('')
  const refusal = refusalOf(status, body)
  const hint = refusal?.remedy ?? redirectAdvice(status, headers) ?? advice[code]
  return new KubeError({
    code,
    status,
    reason: body.reason,
    message: hint ? `${seen.replace(/[.\s]+$/, '')}. ${hint}` : seen,
    retryable: refusal?.passing ?? retryableCodes.has(code),
    retryAfterMs: readRetryAfter(headers, body),
    // Admission happens before anything is stored.
    maybeApplied: refusal === undefined && answer.maybeApplied,
    object: request.object,
    refusal,
    body,
  })
}
