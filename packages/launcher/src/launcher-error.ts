import { BrandedError } from '@agent-jobs/primitives'

/** Codes of {@link LauncherError}. */
export type LauncherErrorCode = 'invalid_spec' | 'input_too_large'

/** A launch that cannot be packed: the spec is invalid, or the input does not fit into one Secret. */
export class LauncherError extends BrandedError<LauncherErrorCode> {
  static override readonly errorName = 'LauncherError'
}
