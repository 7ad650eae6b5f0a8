import { join } from 'node:path'
import type { DatabaseVerdict } from './database-verdict.ts'
import { resultCode, type Sqlite } from './sqlite.ts'

/** A folder of databases that is this process's alone. */
export type Hold = { ok: true; release: () => void } | { ok: false; verdict: DatabaseVerdict }

/**
 * Makes the folder this process's alone for as long as it lives, or says who is in the way. The lock is SQLite's own, on
 * a file beside the databases: the kernel lets go of it when the process ends, however that comes about, and a file
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
