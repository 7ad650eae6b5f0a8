import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { holdFolder, isLinkOnTheWay, openAgentFile, removeAgentFile } from './held-folder.ts'

const place = (path: string) => ({ top: mkdtempSync(join(tmpdir(), 'kit-held-')), path })
const kept = async () => undefined

describe('a folder that agents write to', () => {
  it('is made where it is missing, and only where that is asked for', async () => {
    const { top, path } = place('a/b')
    expect(await holdFolder({ top, path })).toBeNull()
    const made: string[] = []
    await using folder = await holdFolder({ top, path }, async (each) => void made.push(each))
    await writeFile(folder.at('file'), 'x')
    expect(readFileSync(join(top, 'a/b/file'), 'utf8')).toBe('x')
    expect(made).toHaveLength(2)
    await using again = await holdFolder({ top, path }, async (each) => void made.push(each))
    expect([again === null, made.length]).toEqual([false, 2])
  })

  it.each(['a', 'a/b', 'a/b/c'])('is not reached through a link at %s', async (at) => {
    const { top, path } = place('a/b/c')
    mkdirSync(join(top, 'elsewhere/b/c'), { recursive: true })
    mkdirSync(join(top, at, '..'), { recursive: true })
    symlinkSync(join(top, 'elsewhere'), join(top, at))
    for (const work of [() => holdFolder({ top, path }), () => holdFolder({ top, path }, kept)]) {
      await expect(work()).rejects.toSatisfy(isLinkOnTheWay)
    }
    await expect(removeAgentFile({ top, path: `${path}/x` })).rejects.toSatisfy(isLinkOnTheWay)
  })

  it.skipIf(process.platform !== 'linux')('stays the one that was opened when its name is led elsewhere', async () => {
    const { top, path } = place('mine')
    mkdirSync(join(top, 'theirs'))
    await using folder = await holdFolder({ top, path }, kept)
    renameSync(join(top, 'mine'), join(top, 'moved'))
    symlinkSync('theirs', join(top, 'mine'))
    await writeFile(folder.at('file'), 'x')
    expect(existsSync(join(top, 'moved/file'))).toBe(true)
    expect(existsSync(join(top, 'theirs/file'))).toBe(false)
  })

  it('accepts no path that leads upwards', async () => {
    await expect(holdFolder(place('a/../../b'))).rejects.toThrow('Expected a path without ".."')
  })
})

describe('a file that agents write to', () => {
  it('is read when it is a file', async () => {
    const { top, path } = place('a/file')
    expect(await openAgentFile({ top, path })).toBeNull()
    mkdirSync(join(top, 'a'))
    expect(await openAgentFile({ top, path })).toBeNull()
    writeFileSync(join(top, path), 'hello')
    await using file = await openAgentFile({ top, path })
    expect(await file?.readFile('utf8')).toBe('hello')
  })

  it('does not block on a pipe, and does not follow a link', async () => {
    const { top } = place('')
    execFileSync('mkfifo', [join(top, 'pipe')])
    symlinkSync('/etc/passwd', join(top, 'link'))
    await expect(openAgentFile({ top, path: 'pipe' })).rejects.toMatchObject({ code: 'EINVAL' })
    await expect(openAgentFile({ top, path: 'link' })).rejects.toMatchObject({ code: 'ELOOP' })
  })

  it('is removed, and of a link only the link', async () => {
    const { top, path } = place('link')
    writeFileSync(join(top, 'theirs'), 'x')
    symlinkSync('theirs', join(top, path))
    await removeAgentFile({ top, path })
    await removeAgentFile({ top, path })
    expect(existsSync(join(top, 'theirs'))).toBe(true)
  })
})
