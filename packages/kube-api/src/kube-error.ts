import { BrandedError } from '@agent-jobs/primitives'
import type { Refusal } from './refusal.ts'

/** The stable codes of {@link KubeError}. */
export type KubeErrorCode =
  | 'bad_request'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'already_exists'
  | 'gone'
  | 'invalid'
  | 'too_many_requests'
  | 'server_error'
  | 'unavailable'
  | 'unexpected_status'
  | 'timeout'
  | 'connection'
  | 'tls'
  | 'credentials'
  | 'kubeconfig_missing'
  | 'kubeconfig_invalid'
  | 'kubeconfig_refused'
  | 'bad_response'
  | 'response_too_large'
  | 'stale_list'
  | 'closed'

/** The object of a failed request, as far as it is known. */
export interface KubeObjectRef {
  readonly kind: string
  readonly namespace?: string
  readonly name?: string
}

/** The fields of a {@link KubeError}. */
export interface KubeErrorInit {
  readonly code: KubeErrorCode
  readonly message: string
  readonly status?: number | undefined
  readonly reason?: string | undefined
  readonly retryable?: boolean | undefined
  readonly retryAfterMs?: number | undefined
  readonly maybeApplied?: boolean | undefined
  readonly object?: KubeObjectRef | undefined
  readonly refusal?: Refusal | undefined
  readonly body?: unknown
  readonly cause?: unknown
}

const lookFirst = 'It may have been applied: read the object before you write again.'

/** The one error of this package. `code` is stable; the message says what was seen, where, and what to do next. */
export class KubeError extends BrandedError<KubeErrorCode> {
  static override readonly errorName = 'KubeError'
  /** HTTP status, or the code of a Status object in a watch. Absent without a response. */
  readonly status: number | undefined
  /** Kubernetes' reason, such as `AlreadyExists`. */
  readonly reason: string | undefined
  /** How long the server asked clients to wait. */
  readonly retryAfterMs: number | undefined
  /** True when a write was sent and its response was lost: read before you write again. */
  readonly maybeApplied: boolean
  readonly object: KubeObjectRef | undefined
  /** Why the API server refused a well-formed request; undefined for any other failure. */
  readonly refusal: Refusal | undefined
  /** The parsed Status object, or the text received instead of one. */
  readonly body: unknown

  constructor(init: KubeErrorInit) {
    const { code, message, cause, retryable, maybeApplied = false } = init
    super(code, maybeApplied ? `${message} ${lookFirst}` : message, { cause, retryable })
    this.status = init.status
    this.reason = init.reason
    this.retryAfterMs = init.retryAfterMs
    this.maybeApplied = maybeApplied
    this.object = init.object
    this.refusal = init.refusal
    this.body = init.body
  }
}
