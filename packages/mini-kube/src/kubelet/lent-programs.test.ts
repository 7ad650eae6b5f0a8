import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMiniKube } from '../mini-kube.ts'
import { shellJob, testClient } from '../../test/test-client.ts'
import { closedFolder, LentPrograms } from './lent-programs.ts'

const isRoot = process.getuid?.() === 0
const stranger = { uid: 54_321, gid: 54_321 }
let root: string
let closed: string
let open: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'lent-'))
  chmodSync(root, 0o755)
  closed = join(root, 'closed')
  open = join(root, 'open')
  for (const folder of [closed, open]) mkdirSync(folder)
  writeFileSync(join(closed, 'native'), Buffer.from('7f454c46020101', 'hex'), { mode: 0o755 })
  writeFileSync(join(closed, 'private'), Buffer.from('7f454c46020101', 'hex'), { mode: 0o700 })
  writeFileSync(join(closed, 'closed-script'), '#!/bin/sh\necho script\n', { mode: 0o755 })
  symlinkSync(process.execPath, join(closed, 'node'))
  symlinkSync(join(closed, 'native'), join(open, 'link'))
  chmodSync(closed, 0o700)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('programs of a folder that a user may not enter', () => {
  it('are lent if all users may run them and they need no other files', () => {
    const lent = new LentPrograms(join(root, 'lent-1'))
    const [first = '', ...rest] = lent.searchPath([closed, open].join(delimiter), stranger).split(delimiter)
    expect(readdirSync(first).sort()).toEqual(['native', 'node'])
    expect(closedFolder(join(first, 'native'), stranger)).toBeUndefined()
    expect(statSync(join(first, 'node')).mode & 0o005).toBe(0o005)
    // The closed folder comes last, after everything that can be had.
    expect(rest.slice(1)).toEqual([open, closed])
    expect(readdirSync(rest[0] ?? '')).toEqual(['link'])
  })

  it('are lent by path, too, once', () => {
    const lent = new LentPrograms(join(root, 'lent-2'))
    const program = lent.program(join(closed, 'native'), stranger)
    expect(program).toBe(join(root, 'lent-2', '0', 'native'))
    expect(lent.program(join(closed, 'native'), stranger)).toBe(program)
    expect(lent.program(join(closed, 'closed-script'), stranger)).toBe(join(closed, 'closed-script'))
    expect(lent.program(join(open, 'absent'), stranger)).toBe(join(open, 'absent'))
    expect(readdirSync(join(root, 'lent-2'))).toEqual(['0'])
  })

  it('are not lent to a user who may enter', () => {
    const lent = new LentPrograms(join(root, 'lent-3'))
    const owner = { uid: statSync(closed).uid, gid: statSync(closed).gid }
    const path = [closed, open].join(delimiter)
    expect(lent.searchPath(path, owner)).toBe(path)
    expect(statSync(join(root, 'lent-3'), { throwIfNoEntry: false })).toBeUndefined()
  })
})

if (!isRoot) console.log('containers of other users are skipped: only root may start them')

describe.skipIf(!isRoot)('a container of user 1000, started by root', () => {
  const log = async (command: string[]) => {
    await using kube = await startMiniKube({ images: { '*': { path: [closed] } } })
    const client = testClient(kube)
    const pod = { securityContext: { runAsUser: 1_000, runAsNonRoot: true } }
    const body = shellJob('user', '', { pod, container: { command } })
    await client.send('POST', '/apis/batch/v1/namespaces/default/jobs', body)
    const pods = '/api/v1/namespaces/default/pods'
    const done = await client.until(pods, (one) => ['Succeeded', 'Failed'].includes(one.status?.phase ?? ''))
    const text = (await client.text(`${pods}/${done.metadata.name}/log`)).body
    return { text, message: done.status?.containerStatuses?.[0]?.state.terminated?.message }
  }

  it('runs the node of a folder of root’s alone, also from a shell', async () => {
    expect((await log(['node', '-p', 'process.getuid()'])).text).toBe('1000\n')
    expect((await log(['/bin/sh', '-c', 'command -v node >&2; node -p "process.getgid()"'])).text).toContain('1000\n')
    expect((await log([join(closed, 'node'), '-p', '6 * 7'])).text).toBe('42\n')
  })

  it('gets the reason why it cannot run a script of such a folder', async () => {
    const { message } = await log(['closed-script'])
    expect(message).toContain(`exec: "closed-script": permission denied (mini-kube: user 1000 may not enter ${closed}`)
  })
})
