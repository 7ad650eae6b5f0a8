import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { currentDatabase, currentNumber, setAside } from './database-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'opencode-files-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it.each([
  ['an empty folder', [], 1],
  ['one database', ['opencode.db', 'opencode.db-wal', 'opencode.db-shm'], 1],
  ['one that is set aside', ['opencode.db', 'opencode.db.aside'], 2],
  ['the one after it', ['opencode.db', 'opencode.db.aside', 'opencode.2.db'], 2],
  ['a note that someone removed from an earlier one', ['opencode.db', 'opencode.2.db'], 2],
  ['ten of them', ['opencode.db', 'opencode.9.db', 'opencode.10.db', 'opencode.10.db.aside'], 11],
  ['names that are none', ['opencode.0.db', 'opencode.x.db', 'my-opencode.db', 'opencode.db.bak'], 1],
])('in %s the task is at number %#', (_what, names, number) => {
  expect(currentNumber(names)).toBe(number)
})

it('leaves a database that is set aside as it is, with a note of why', () => {
  const file = join(folder, 'opencode.db')
  writeFileSync(file, 'noise')
  expect(currentDatabase(folder)).toBe(file)
  setAside(file, { code: 'session_db_damaged', detail: 'it is noise' })
  setAside(file, { code: 'session_db_newer', detail: 'a second look' })
  expect(readFileSync(file, 'utf8')).toBe('noise')
  expect(JSON.parse(readFileSync(`${file}.aside`, 'utf8'))).toMatchObject({ detail: 'it is noise' })
  expect(currentDatabase(folder)).toBe(join(folder, 'opencode.2.db'))
})
