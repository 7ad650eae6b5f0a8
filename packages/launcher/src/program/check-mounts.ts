import { statSync, type BigIntStats } from 'node:fs'
import { errorMessage } from '@agent-jobs/primitives'
import type { MountIdentity } from '../launch-spec.ts'
import { StartFailure } from './start-failure.ts'

/**
 * Compares each mounted folder with the one that the server prepared. Between the server's check and the kubelet's mount
 * another pod may have put a link in its place; what was mounted can no longer change. Throws for the first that
 * differs.
 */
export function checkMounts(mounts: readonly MountIdentity[] = [], look: LookAt = lookAt): void {
  for (const expected of mounts) {
    const found = statMount(expected.path, look)
    if (!found.isDirectory()) refuse(expected.path, 'it is not a directory')
    if (String(found.ino) !== expected.inode)
      refuse(expected.path, `its inode is ${found.ino} instead of ${expected.inode}`)
    if (differs(found.dev, expected.device))
      refuse(expected.path, `its device is ${found.dev} instead of ${expected.device}`)
  }
}

/** Device and inode of a path. */
type LookAt = (path: string) => Pick<BigIntStats, 'ino' | 'dev' | 'isDirectory'>
const lookAt: LookAt = (path) => statSync(path, { bigint: true })

function statMount(path: string, look: LookAt): ReturnType<LookAt> {
  try {
    return look(path)
  } catch (error) {
    return refuse(path, errorMessage(error))
  }
}

function refuse(path: string, why: string): never {
  throw new StartFailure(
    'mount_changed',
    `The folder mounted at ${path} is not the one that the server prepared: ${why}. Nothing was started. ` +
      'Look for a link in its place on the volume, and start the run again.',
  )
}

/**
 * Device numbers are compared only if both are those of a disk. A network file system, an overlay or a btrfs volume gets
 * a number that each node assigns itself.
 */
function differs(found: bigint, expected: string | undefined): boolean {
  if (expected === undefined) return false
  const device = BigInt(expected)
  return isDisk(found) && isDisk(device) && found !== device
}

/** Linux gives file systems without a block device the major number 0. */
function isDisk(device: bigint): boolean {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)
  return major !== 0n
}
