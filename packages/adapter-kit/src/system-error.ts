/** The system's code of an error, such as `ENOENT`; undefined for an error that has none. */
export function errnoOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** The result of a file system call, or `absent` when the path does not exist. */
export async function orAbsent<T>(work: Promise<T>, absent: T): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return absent
    throw error
  }
}
