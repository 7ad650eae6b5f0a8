import type { DatabaseCode, DatabaseVerdict } from './database-verdict.ts'

// SQLite's own messages (sqlite3.c, sqlite3ErrStr) and OpenCode's, as 1.18.33 prints them. They are a whole line, or
// follow `SQLiteError: ` in a line of its log; anywhere else they are unrelated text.
const phrases: readonly (readonly [string, DatabaseCode])[] = [
  ['database disk image is malformed|file is not a database|malformed database schema', 'session_db_damaged'],
  ['Database is not empty and has no session table', 'session_db_damaged'],
  ['no such (?:column|table): |table \\w+ has no column named |NOT NULL constraint failed: ', 'session_db_newer'],
  ['Legacy migration timestamp \\d+ does not match any known migration', 'session_db_newer'],
  ['database (?:table )?is locked', 'session_db_locked'],
  ['unable to open database file|attempt to write a readonly database', 'session_db_unusable'],
  ['disk I/O error|database or disk is full|Failed query: ', 'session_db_unusable'],
]

const patterns = phrases.map(([phrase, code]) => ({
  pattern: new RegExp(`(?:^|SQLiteError: )(?:${phrase})[^"]*`),
  code,
}))

/** Determines why OpenCode ended by its last message about its database; null without one. */
export function judgeWords(stderr: string): DatabaseVerdict | null {
  let last: DatabaseVerdict | null = null
  for (const line of stderr.split('\n')) {
    for (const { pattern, code } of patterns) {
      const words = pattern.exec(line.trim())?.[0]
      if (words !== undefined) last = { code, detail: `OpenCode says: ${words.slice(0, 300)}` }
    }
  }
  return last
}
