const marker = Symbol.for('agent-jobs.launcher-error')

/** Codes of {@link LauncherError}. */
export type LauncherErrorCode = 'invalid_spec' | 'input_too_large'

/** A launch that cannot be packed: the spec is wrong, or the input does not fit into one Secret. */
export class LauncherError extends Error {
  override readonly name = 'LauncherError'
  readonly code: LauncherErrorCode
  readonly [marker] = true

  constructor(code: LauncherErrorCode, message: string) {
    super(message)
    this.code = code
  }

  /** Tells a LauncherError from any other value, also when it comes from another copy of this package. */
  static isInstance(value: unknown): value is LauncherError {
    return typeof value === 'object' && value !== null && marker in value
  }
}
