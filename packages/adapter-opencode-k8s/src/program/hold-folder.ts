import { join } from 'node:path'
import type { DatabaseVerdict } from './database-verdict.ts'
import { resultCode, type Sqlite } from './sqlite.ts'

/** A folder of databases that this process holds exclusively. */
export type Hold = { ok: true; release: () => void } | { ok: false; verdict: DatabaseVerdict }

/**
 * Holds the folder exclusively for the life of this process, or reports who holds it. The lock is SQLite's own, on
 * a file next to the databases: the kernel releases it however the process ends, and a file
 * system that SQLite can work on at all carries it between nodes.
 */
export function holdFolder(folder: string, { sqlite, lockWaitMs }: { sqlite: Sqlite; lockWaitMs: number }): Hold {
  if (sqlite === null) return { ok: true, release: () => undefined }
  const database = new sqlite.DatabaseSync(join(folder, 'in-use'))
  try {
    database.exec(`PRAGMA busy_timeout = ${lockWaitMs}; BEGIN EXCLUSIVE`)
    return { ok: true, release: () => database.close() }
  } catch (error) {
    database.close()
    if (resultCode(error) !== 5) throw error
    return {
      ok: false,
      verdict: {
        code: 'session_db_locked',
        detail: `another run of this task held ${folder} for ${lockWaitMs / 1000} s`,
      },
    }
  }
}
