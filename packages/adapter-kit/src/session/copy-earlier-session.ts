import { open, rename, rm } from 'node:fs/promises'
import { posix } from 'node:path'
import { randomBytes } from 'node:crypto'
import { holdFolder, openAgentFile, type VolumePlace } from '../volume/held-folder.ts'
import { giveToPods } from '../volume/pod-user.ts'

// Longer than any conversation that a model can read.
const maxSessionBytes = 256 * 1024 * 1024

/** Where an earlier adapter kept a session, and where this one does. */
export interface EarlierSession {
  readonly from: VolumePlace
  readonly to: VolumePlace
}

/**
 * Copies the file of one session that an earlier adapter kept in the home of all agents. Returns whether there was one. The
 * original stays where it is, for the way back.
 */
export async function copyEarlierSession({ from, to }: EarlierSession): Promise<boolean> {
  await using source = await openAgentFile(from)
  if (source === null) return false
  const { size } = await source.stat()
  if (size === 0 || size > maxSessionBytes) return false
  await using folder = await holdFolder({ top: to.top, path: posix.dirname(to.path) }, giveToPods)
  const name = posix.basename(to.path)
  const temporary = folder.at(`.${name}.${randomBytes(8).toString('hex')}.tmp`)
  try {
    await using copy = await open(temporary, 'wx', 0o600)
    await copy.writeFile(source.createReadStream({ autoClose: false, end: maxSessionBytes }))
    await giveToPods(temporary)
    await rename(temporary, folder.at(name))
    return true
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
