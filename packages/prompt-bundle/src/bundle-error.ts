import { BrandedError, systemErrorCode } from '@agent-jobs/primitives'

/** The stable codes of {@link BundleError}. */
export type BundleErrorCode =
  | 'invalid_path'
  | 'path_conflict'
  | 'source_missing'
  | 'source_unreadable'
  | 'source_changed'
  | 'symlink_loop'
  | 'symlink_outside'
  | 'unsupported_file'
  | 'limit_exceeded'
  | 'volume_error'

/** The one error of this package. `path` is the file or entry it is about. */
export class BundleError extends BrandedError<BundleErrorCode> {
  static override readonly errorName = 'BundleError'
  readonly path: string

  constructor(code: BundleErrorCode, path: string, message: string, cause?: unknown) {
    super(code, message, { cause, retryable: code === 'source_changed' || code === 'volume_error' })
    this.path = path
  }
}

/** Names what a read of a source met. */
export function sourceError(path: string, cause: unknown): BundleError {
  if (BundleError.isInstance(cause)) return cause
  const code = systemErrorCode(cause) ?? ''
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new BundleError(
      'source_missing',
      path,
      `The source ${path} does not exist. Check the path, or its link.`,
      cause,
    )
  }
  if (code === 'ELOOP') {
    return new BundleError('symlink_loop', path, `The links at ${path} lead in a circle. Remove the link.`, cause)
  }
  return new BundleError(
    'source_unreadable',
    path,
    `The source ${path} cannot be read (${code || String(cause)}). Check its permissions.`,
    cause,
  )
}

/** Names what a write to the volume met. */
export function volumeError(path: string, cause: unknown): BundleError {
  if (BundleError.isInstance(cause)) return cause
  const code = systemErrorCode(cause) ?? ''
  const advice =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'The volume is full: collect unused bundles or enlarge it.'
      : 'Check that the directory can be written by this user.'
  return new BundleError(
    'volume_error',
    path,
    `Writing the bundle failed at ${path} (${code || String(cause)}). ${advice}`,
    cause,
  )
}
