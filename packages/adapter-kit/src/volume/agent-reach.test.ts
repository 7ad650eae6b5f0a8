import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readWithin, resolveWithin } from './agent-reach.ts'

describe('what an agent is given of the disk', () => {
  let root: string
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const link = (path: string, target: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    symlinkSync(target, join(root, path))
  }
  const reach = () => ({ volume: join(root, 'volume'), sees: [join(root, 'volume/mine'), join(root, 'volume/absent')] })
  const read = (path: string) => readWithin(reach(), join(root, path), 100)
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'kit-reach-')))
    put('volume/mine/CLAUDE.md', 'mine')
    put('volume/theirs/secret', 'theirs')
    put('server/master.key', 'server')
  })

  it.each([
    ['a file of its own', 'volume/mine/CLAUDE.md', () => undefined],
    ['a link to a file beside it', 'volume/mine/AGENTS.md', () => link('volume/mine/AGENTS.md', 'CLAUDE.md')],
    [
      'a link of the operator, off the volume',
      'etc/AGENTS.md',
      () => link('etc/AGENTS.md', '../volume/mine/CLAUDE.md'),
    ],
    ['a folder that is a link to its own', 'volume/also/CLAUDE.md', () => link('volume/also', 'mine')],
  ])('is %s', async (_what, path, prepare) => {
    prepare()
    expect(await read(path)).toBe('mine')
  })

  it('is a file of the server that its operator names', async () => {
    expect(await read('server/master.key')).toBe('server')
    expect(await read('volume/theirs/secret')).toBe('theirs')
    link('etc/key', '../server/master.key')
    expect(await read('etc/key')).toBe('server')
  })

  it.each([
    ["another's file", 'volume/mine/a', () => link('volume/mine/a', '../theirs/secret')],
    ["the server's file", 'volume/mine/a', () => link('volume/mine/a', '../../server/master.key')],
    ["the server's environment", 'volume/mine/a', () => link('volume/mine/a', '/proc/self/environ')],
    ["another's folder", 'volume/mine/a/secret', () => link('volume/mine/a', '../theirs')],
    [
      'a second link that leads out',
      'volume/mine/a',
      () => (link('volume/mine/a', 'b'), link('volume/mine/b', '../theirs/secret')),
    ],
    [
      'a way in and out again',
      'etc/in/out',
      () => (link('etc/in', '../volume/mine'), link('volume/mine/out', '../../server/master.key')),
    ],
  ])('is not %s, by a link on the volume', async (_what, path, prepare) => {
    prepare()
    await expect(read(path)).rejects.toThrow('a link on the data volume leads')
  })

  it('refuses endless, huge and blocking files', async () => {
    link('volume/mine/loop', 'loop')
    put('volume/mine/huge', 'x'.repeat(101))
    execFileSync('mkfifo', [join(root, 'volume/mine/pipe')])
    await expect(read('volume/mine/loop')).rejects.toThrow('in a circle')
    await expect(read('volume/mine/huge')).rejects.toThrow('it has 101 bytes, and may have 100')
    await expect(read('volume/mine/pipe')).rejects.toThrow('it is not a regular file')
    await expect(read('volume/mine')).rejects.toThrow('it is not a regular file')
    await expect(read('volume/mine/absent')).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('allows any path when there is no volume', async () => {
    expect(await resolveWithin({ volume: null, sees: [] }, join(root, 'server/../volume/mine'))).toBe(
      join(root, 'volume/mine'),
    )
  })
})
