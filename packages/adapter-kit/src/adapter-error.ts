const marker = Symbol.for('agent-jobs.adapter-error')

/** Everything the adapters refuse or cannot do, with a code that stays the same across versions. */
export class AdapterError extends Error {
  override readonly name = 'AdapterError'
  /** Stable name of the failure, reported to Paperclip as `errorCode`. */
  readonly code: string
  /** True when the same run may succeed later without a change of the configuration. */
  readonly retryable: boolean

  constructor(code: string, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    Object.defineProperty(this, marker, { value: true })
  }

  /** Recognises an `AdapterError` made by any copy of this package. */
  static isInstance(error: unknown): error is AdapterError {
    return typeof error === 'object' && error !== null && marker in error
  }
}

/** The sentence of an unknown thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
