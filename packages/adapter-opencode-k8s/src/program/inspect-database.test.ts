import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as sqlite from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { holdFolder } from './hold-folder.ts'
import { inspectDatabase } from './inspect-database.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'opencode-inspect-'))
  file = join(folder, 'opencode.db')
})
afterEach(() => rmSync(folder, { recursive: true }))

const knowsAll = (ids: readonly string[]) => ids.map(() => true)
const look = (knows: (ids: readonly string[]) => boolean[] | null = knowsAll, brought: typeof sqlite | null = sqlite) =>
  inspectDatabase(file, { sqlite: brought, knows, lockWaitMs: 50 })

/** A database as OpenCode leaves it: in WAL mode, with sessions and the migrations it has been through. */
function opencodeDatabase(...migrations: string[]): void {
  using database = new sqlite.DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE session (id TEXT PRIMARY KEY, data TEXT)')
  database.exec('CREATE TABLE migration (id TEXT PRIMARY KEY, time_completed INTEGER NOT NULL)')
  for (const id of migrations) database.prepare('INSERT INTO migration VALUES (?, 1)').run(id)
  for (let i = 0; i < 50; i += 1) database.prepare('INSERT INTO session VALUES (?, ?)').run(`s${i}`, 'x'.repeat(2000))
}

describe('a session database', () => {
  it('is intact when there is none yet, or an empty file', () => {
    expect(look()).toBeNull()
    writeFileSync(file, '')
    expect(look()).toBeNull()
  })

  it('is intact as OpenCode leaves it', () => {
    opencodeDatabase('20260101000000_first', '20260601000000_last')
    expect(look()).toBeNull()
  })

  it.each(['noise', 'SQLite format 2', '\0\0\0'])('is damaged when it begins with %j', (text) => {
    writeFileSync(file, text)
    expect(look(knowsAll, null)?.code).toBe('session_db_damaged')
    expect(readFileSync(file, 'utf8')).toBe(text)
  })

  it('is damaged when its pages are overwritten, and stays as it is', () => {
    opencodeDatabase('20260101000000_first')
    const bytes = readFileSync(file)
    bytes.fill(0xab, 4096 * 3)
    writeFileSync(file, bytes)
    expect(look()?.code).toBe('session_db_damaged')
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })

  it('is damaged when its end is missing', () => {
    opencodeDatabase('20260101000000_first')
    writeFileSync(file, readFileSync(file).subarray(0, 20_000))
    expect(look()?.code).toBe('session_db_damaged')
  })

  it('is rejected when another program created it', () => {
    using database = new sqlite.DatabaseSync(file)
    database.exec('CREATE TABLE foo (a)')
    expect(look()).toMatchObject({ code: 'session_db_damaged', detail: expect.stringContaining('none of OpenCode') })
  })

  it('is newer when it has been through a migration that the program does not know', () => {
    opencodeDatabase('20260101000000_first', '20990101000000_future')
    expect(look((ids) => ids.map((id) => id < '2099'))).toMatchObject({
      code: 'session_db_newer',
      detail: expect.stringContaining('20990101000000_future'),
    })
  })

  it.each([
    ['knows none of the migrations, since it is a script', (ids: readonly string[]) => ids.map(() => false)],
    ['cannot be read', () => null],
  ])('is not called newer when the program %s', (_what, knows) => {
    opencodeDatabase('20260101000000_first', '20990101000000_future')
    expect(look(knows)).toBeNull()
  })

  it.each(['BEGIN IMMEDIATE', 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE'])('is locked during %s', (held) => {
    opencodeDatabase('20260101000000_first')
    {
      using holder = new sqlite.DatabaseSync(file)
      holder.exec(held)
      expect(look()?.code).toBe('session_db_locked')
    }
    expect(look()).toBeNull()
  })

  it('is judged by its first bytes alone where Node brings no SQLite', () => {
    opencodeDatabase('20990101000000_future')
    expect(look(() => [true, false], null)).toBeNull()
  })
})

describe('the folder of a task', () => {
  it("is one run's at a time, and free when it ends", () => {
    const first = holdFolder(folder, { sqlite, lockWaitMs: 50 })
    expect(holdFolder(folder, { sqlite, lockWaitMs: 50 })).toMatchObject({
      ok: false,
      verdict: { code: 'session_db_locked' },
    })
    if (first.ok) first.release()
    expect(holdFolder(folder, { sqlite, lockWaitMs: 50 })).toMatchObject({ ok: true })
  })
})
