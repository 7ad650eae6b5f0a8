import { BrandedError, type BrandedErrorOptions } from '@agent-jobs/primitives'

/** The stable codes of {@link LogStreamError}. */
export type LogStreamErrorCode = 'invalid_option' | 'invalid_cursor' | 'request_refused' | 'line_too_long'

/** The one error class of this package. */
export class LogStreamError extends BrandedError<LogStreamErrorCode> {
  static override readonly errorName = 'LogStreamError'
  /** HTTP status of `request_refused`. */
  readonly status: number | undefined

  constructor(code: LogStreamErrorCode, message: string, options: BrandedErrorOptions & { status?: number } = {}) {
    super(code, message, options)
    this.status = options.status
  }
}
