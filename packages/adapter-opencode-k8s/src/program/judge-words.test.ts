import { expect, it } from 'vitest'
import { readVerdict, verdictLine } from './database-verdict.ts'
import { judgeWords } from './judge-words.ts'

const box = (words: string) => `\u001B[91m\u001B[1mError: \u001B[0mUnexpected error\n\n${words}\n`
const log = (words: string) =>
  `timestamp=2026-11-21T15:04:58.649Z level=ERROR run=acf0f880 message=failed ref=err_d853770e error="${words}" cause="${words}\\n    at prepare (unknown)"\n`

// As OpenCode 1.18.33 printed them on databases made for the purpose.
it.each([
  ['overwritten pages', box('database disk image is malformed'), 'session_db_damaged'],
  ['noise', box('file is not a database'), 'session_db_damaged'],
  ['tables of another program', box('Database is not empty and has no session table'), 'session_db_damaged'],
  ['a renamed column', log('SQLiteError: table message has no column named data'), 'session_db_newer'],
  ['a missing column', log('SQLiteError: no such column: session.agent'), 'session_db_newer'],
  ['a holder that admits no reader', box('database is locked'), 'session_db_locked'],
  [
    'a write that failed',
    box('Failed query: insert into "project" ("id") values (?)\nparams: global'),
    'session_db_unusable',
  ],
  ['a full disk', log('SQLiteError: database or disk is full'), 'session_db_unusable'],
])('knows %s', (_what, stderr, code) => {
  expect(judgeWords(stderr)?.code).toBe(code)
})

it.each([
  ['nothing', ''],
  ['another error', log('ProviderModelNotFoundError: no such model')],
  ['prose about databases', 'The user asked why the database is locked and why there is no such table: users\n'],
  ['a message of a server that the agent asked', log('Error: upstream said: database is locked')],
])('finds nothing in %s', (_what, stderr) => {
  expect(judgeWords(stderr)).toBeNull()
})

it('is reported to the adapter in a separate line, the last of which counts', () => {
  const line = verdictLine({ code: 'session_db_locked', detail: 'held\nby another' })
  expect(readVerdict(`noise\nagent-jobs: session_db_damaged: a\n${line}\nsomething else\n`)).toEqual({
    code: 'session_db_locked',
    detail: 'held by another',
  })
  expect(readVerdict('agent-jobs: session_db_strange: x\n  agent-jobs: session_db_locked: quoted\n')).toBeNull()
})
