import type { DatabaseSync } from 'node:sqlite'

/** SQLite as Node brings it; null in an image whose Node is older than 22.13. */
export type Sqlite = { DatabaseSync: typeof DatabaseSync } | null

/** Loads it. */
export async function loadSqlite(): Promise<Sqlite> {
  try {
    return await import('node:sqlite')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_UNKNOWN_BUILTIN_MODULE') return null
    throw error
  }
}

/** SQLite's primary result code of an error; null when it is not SQLite's. */
export function resultCode(error: unknown): number | null {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : null
  // The upper bits give details, the lower eight are the code (sqlite3.h, "Extended Result Codes").
  return typeof code === 'number' ? code % 256 : null
}
