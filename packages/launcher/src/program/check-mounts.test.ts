import { mkdirSync, mkdtempSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { MountIdentity } from '../launch-spec.ts'
import { checkMounts } from './check-mounts.ts'

const place = (): string => mkdtempSync(join(tmpdir(), 'launcher-mounts-'))
function identityOf(path: string): MountIdentity {
  const { ino, dev } = statSync(path, { bigint: true })
  return { path, inode: String(ino), device: String(dev) }
}
const runs = (check: () => void): boolean => check() === undefined
const failsFor =
  (message: RegExp) =>
  (check: () => void): boolean => {
    try {
      check()
      return false
    } catch (error) {
      return message.test(String(error))
    }
  }
const disk = (minor: number): string => String(0x800 + minor)

describe('the check of mounted folders', () => {
  it('passes folders that are what the server prepared', () => {
    const folder = place()
    expect(() => checkMounts([identityOf(folder), identityOf('/')])).not.toThrow()
    expect(() => checkMounts(undefined)).not.toThrow()
  })

  it('refuses a folder whose place was taken by a link, and names it', () => {
    const folder = place()
    mkdirSync(join(folder, 'mine'))
    mkdirSync(join(folder, 'theirs'))
    const identity = identityOf(join(folder, 'mine'))
    renameSync(join(folder, 'mine'), join(folder, 'moved'))
    symlinkSync('theirs', join(folder, 'mine'))
    const message = new RegExp(`mounted at ${identity.path} is not the one that the server prepared: its inode is`)
    expect(() => checkMounts([identityOf('/'), identity])).toThrow(message)
    expect(() => checkMounts([identity])).toThrow(expect.objectContaining({ code: 'mount_changed', exitCode: 125 }))
  })

  it.each(['absent', 'file'])('refuses what is %s', (name) => {
    const folder = place()
    writeFileSync(join(folder, 'file'), '')
    expect(() => checkMounts([{ path: join(folder, name), inode: '1' }])).toThrow(
      /is not the one.*(ENOENT|not a directory)/,
    )
  })

  it.each([
    ['the same disk', disk(1), disk(1), true],
    ['another disk', disk(1), disk(2), false],
    ['a disk with a large major number', String(2n ** 44n), disk(1), false],
    ['a file system that each node numbers itself', '45', '46', true],
    ['a disk on one side only', '45', disk(1), true],
    ['a device that the server could not tell', disk(1), undefined, true],
  ])('of one inode number on %s compares what can be compared', (_, found, device, passes) => {
    const look = () => ({ ino: 7n, dev: BigInt(found), isDirectory: () => true })
    const check = () => checkMounts([{ path: '/data', inode: '7', device }], look)
    expect(check).toSatisfy(passes ? runs : failsFor(/its device is/))
  })
})
