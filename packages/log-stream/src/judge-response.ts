import { type LogHeaders, readHeader } from './log-source.ts'

/** The meaning of a response that is not a plain log. */
export type ResponseJudgement =
  /** The container has no log yet: not scheduled, not started, or its image is being pulled. */
  | { kind: 'not-yet'; text: string }
  /** A temporary problem; the log still exists. */
  | { kind: 'retry'; text: string; retryAfterMs?: number }
  /** The pod no longer exists. */
  | { kind: 'gone'; text: string }
  /** A retry would give the same response. */
  | { kind: 'refused'; text: string }

interface StatusObject {
  message?: unknown
  details?: { kind?: unknown } | null
}

function parseStatus(body: string): StatusObject {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    // A proxy's error page is not a Status; its text is the only information.
    return { message: body.slice(0, 1_000) }
  }
}

/**
 * Reads Retry-After as milliseconds, limited to ten minutes. A date is compared with the server's own `Date`, never with
 * our clock: the two may be a day apart.
 */
function retryAfter(headers: LogHeaders): number | undefined {
  const value = readHeader(headers, 'retry-after')
  if (value === undefined) return undefined
  const ms = /^\d+$/.test(value)
    ? Number(value) * 1000
    : Date.parse(value) - Date.parse(readHeader(headers, 'date') ?? '')
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 600_000) : undefined
}

/** Judges a response whose status is not 200 (docs/kubernetes-facts.md#errors-that-come-as-200; each case is recorded). */
export function judgeResponse(o: { status: number; headers: LogHeaders; body: string }): ResponseJudgement {
  const { status, headers } = o
  const object = parseStatus(o.body)
  const message = typeof object.message === 'string' ? object.message : ''
  const text = `${status}${message === '' ? '' : ` ${message}`}`
  if (status === 204) return { kind: 'not-yet', text: '204 the pod has no node yet' }
  // A 404 of kind pods/log is from a kubelet that has just started; only kind pods means that the pod is gone.
  if (status === 404 && object.details?.kind === 'pods') return { kind: 'gone', text }
  if (status === 400) {
    if (/waiting to start|is not available|PodInitializing/.test(message)) return { kind: 'not-yet', text }
    return { kind: 'refused', text }
  }
  if (status === 403 || status === 422 || status === 405 || status === 406) return { kind: 'refused', text }
  const retryAfterMs = retryAfter(headers)
  return retryAfterMs === undefined ? { kind: 'retry', text } : { kind: 'retry', text, retryAfterMs }
}
