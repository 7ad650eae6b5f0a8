const marker = Symbol.for('agent-jobs.scripted-model-error')

/** Codes of {@link ScriptedModelError}. */
export type ScriptedModelErrorCode = 'listen_failed'

/** The one error class of this package. */
export class ScriptedModelError extends Error {
  readonly [marker] = true
  readonly code: ScriptedModelErrorCode
  readonly retryable: boolean

  constructor(code: ScriptedModelErrorCode, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, { cause: options.cause })
    this.name = 'ScriptedModelError'
    this.code = code
    this.retryable = options.retryable ?? false
  }

  /** Recognises the error across copies and versions of this package. */
  static isInstance(error: unknown): error is ScriptedModelError {
    return typeof error === 'object' && error !== null && marker in error
  }
}
