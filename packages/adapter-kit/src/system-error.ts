/** The system's code of an error, such as `ENOENT`; undefined for an error that has none. */
export function errnoOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** What a look at the disk found, or `absent` where there is nothing to look at. */
export async function orAbsent<T>(work: Promise<T>, absent: T): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return absent
    throw error
  }
}
