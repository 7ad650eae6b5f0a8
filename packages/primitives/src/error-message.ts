/**
 * The text of any thrown value: never empty, never throws. An error without a message of its own, such as the
 * `AggregateError` of a refused connection, is described by what it contains.
 */
export function errorMessage(error: unknown): string {
  try {
    return textOf(error) || 'unknown error'
  } catch {
    // A getter or `toString` of the thrown value threw; there is nothing more to read from it.
    return 'unknown error'
  }
}

/** The same without its final full stop, for use inside a sentence. */
export function errorClause(error: unknown): string {
  return errorMessage(error).replace(/\.$/, '')
}

/** The code of a system error, such as `ENOENT` or `ECONNREFUSED`; undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(errorMessage))].join('; ')
  }
  return systemErrorCode(error) ?? error.name
}
