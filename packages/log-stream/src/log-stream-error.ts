/** What went wrong, as a stable word. */
export type LogStreamErrorCode = 'invalid_option' | 'invalid_cursor' | 'request_refused' | 'line_too_long'

const marker = Symbol.for('agent-jobs.log-stream-error')

/** The one error class of this package. `isInstance` works across versions and copies of it. */
export class LogStreamError extends Error {
  readonly code: LogStreamErrorCode
  readonly retryable: boolean
  readonly status: number | undefined

  constructor(
    code: LogStreamErrorCode,
    message: string,
    o: { cause?: unknown; retryable?: boolean; status?: number } = {},
  ) {
    super(message, o.cause === undefined ? undefined : { cause: o.cause })
    this.name = 'LogStreamError'
    this.code = code
    this.retryable = o.retryable ?? false
    this.status = o.status
    Object.defineProperty(this, marker, { value: true })
  }

  /** Whether `error` is one of ours, whichever copy of this package made it. */
  static isInstance(error: unknown): error is LogStreamError {
    return error instanceof Error && marker in error
  }
}
