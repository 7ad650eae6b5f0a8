import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import type { DatabaseVerdict } from './database-verdict.ts'
import { resultCode, type Sqlite } from './sqlite.ts'

const header = 'SQLite format 3\0'
// A check reads every page; this many take about a fifth of a second.
const largestCheckedBytes = 64 * 1024 * 1024

/** Options for inspecting a database. */
export interface Inspection {
  sqlite: Sqlite
  /** Which of these ids of migrations OpenCode's program holds; null when its file cannot tell. */
  knows: (ids: readonly string[]) => boolean[] | null
  /** How long to wait for another process that holds the database. */
  lockWaitMs: number
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function hasHeader(file: string): boolean {
  const fd = openSync(file, 'r')
  try {
    const start = Buffer.alloc(header.length)
    readSync(fd, start, 0, header.length, 0)
    return start.equals(Buffer.from(header))
  } finally {
    closeSync(fd)
  }
}

function rows(database: DatabaseSync, sql: string): Record<string, unknown>[] {
  return database.prepare(sql).all()
}

function migrationVerdict(database: DatabaseSync, knows: Inspection['knows']): DatabaseVerdict | null {
  const [span] = rows(database, 'SELECT min(id) AS oldest, max(id) AS newest FROM migration')
  const { oldest, newest } = span ?? {}
  if (typeof oldest !== 'string' || typeof newest !== 'string') return null
  const known = knows([oldest, newest])
  // A program without even the oldest id is a script, or compressed: it proves nothing.
  if (known === null || known[0] !== true || known[1] === true) return null
  return {
    code: 'session_db_newer',
    detail: `it has been through the migration "${newest}", which this OpenCode does not know: a newer one wrote it`,
  }
}

function contentVerdict(file: string, { sqlite, knows }: Inspection): DatabaseVerdict | null {
  if (sqlite === null) return null
  // Read only: a damaged database is left unchanged.
  const database = new sqlite.DatabaseSync(file, { readOnly: true })
  try {
    const tables = new Set(
      rows(database, "SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => name),
    )
    if (tables.size > 0 && !tables.has('session')) {
      return { code: 'session_db_damaged', detail: 'it is a database, but none of OpenCode: it has no session table' }
    }
    if (sizeOf(file) <= largestCheckedBytes) {
      const [check] = rows(database, 'PRAGMA quick_check(1)')
      const said = String(check?.['quick_check'] ?? 'ok')
      if (said !== 'ok') return { code: 'session_db_damaged', detail: `SQLite finds it damaged: ${said}` }
    }
    return tables.has('migration') ? migrationVerdict(database, knows) : null
  } finally {
    database.close()
  }
}

/** Writes nothing; detects whether another process is writing, and waits for it. */
function lockVerdict(file: string, { sqlite, lockWaitMs }: Inspection): DatabaseVerdict | null {
  if (sqlite === null) return null
  const database = new sqlite.DatabaseSync(file)
  try {
    database.exec(`PRAGMA busy_timeout = ${lockWaitMs}; BEGIN IMMEDIATE; ROLLBACK`)
    return null
  } finally {
    database.close()
  }
}

function sqliteVerdict(error: unknown, lockWaitMs: number): DatabaseVerdict | null {
  const words = error instanceof Error ? error.message : String(error)
  switch (resultCode(error)) {
    case null:
      return null
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return { code: 'session_db_damaged', detail: `SQLite finds it damaged: ${words}` }
    case 5: // SQLITE_BUSY
    case 6: // SQLITE_LOCKED
      return { code: 'session_db_locked', detail: `another process held it for ${lockWaitMs / 1000} s: ${words}` }
    default:
      return { code: 'session_db_unusable', detail: words }
  }
}

/** Checks whether OpenCode can work with a database file; null when it can, as far as that is known beforehand. */
export function inspectDatabase(file: string, inspection: Inspection): DatabaseVerdict | null {
  // SQLite makes an empty file when a run dies in its first moment, and takes one as a new database.
  if (sizeOf(file) === 0) return null
  if (!hasHeader(file)) return { code: 'session_db_damaged', detail: 'it does not begin as an SQLite database does' }
  try {
    return contentVerdict(file, inspection) ?? lockVerdict(file, inspection)
  } catch (error) {
    const verdict = sqliteVerdict(error, inspection.lockWaitMs)
    if (verdict === null) throw error
    return verdict
  }
}
