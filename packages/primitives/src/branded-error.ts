/** Optional fields of every {@link BrandedError} class besides code and message. */
export interface BrandedErrorOptions {
  readonly cause?: unknown
  /** The same call may succeed later without changes. Default false. */
  readonly retryable?: boolean | undefined
}

const brandOf = (errorName: string): symbol => Symbol.for(`agent-jobs.error.${errorName}`)

/**
 * Base of the one error class that each package has. `code` is stable, `message` is for people. `isInstance` recognises
 * errors of its class from any copy of the package, where `instanceof` fails for a second copy.
 *
 * @example
 * ```ts
 * class BundleError extends BrandedError<'volume_error' | 'source_missing'> {
 *   static override readonly errorName = 'BundleError'
 * }
 * BundleError.isInstance(new BundleError('volume_error', 'The volume is full.')) // true
 * ```
 */
export abstract class BrandedError<Code extends string = string> extends Error {
  /** The name of the class, which must survive minification; each class sets its own. */
  static readonly errorName: string = 'BrandedError'
  readonly code: Code
  readonly retryable: boolean

  constructor(code: Code, message: string, { cause, retryable = false }: BrandedErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.errorName
    this.code = code
    this.retryable = retryable
    Object.defineProperty(this, brandOf(this.name), { value: true })
  }

  /** Whether `error` was created by this class, in any copy of its package. */
  static isInstance<T extends abstract new (...args: never[]) => BrandedError>(
    this: T & { readonly errorName: string },
    error: unknown,
  ): error is InstanceType<T> {
    return typeof error === 'object' && error !== null && Reflect.get(error, brandOf(this.errorName)) === true
  }
}
