import { constants } from 'node:fs'
import { lstat, mkdir, open, unlink, type FileHandle } from 'node:fs/promises'
import { posix } from 'node:path'
import { errnoOf } from '../system-error.ts'

/** A place on the data volume as this server sees it. Agents write below `top`, but cannot change `top` itself. */
export interface VolumePlace {
  readonly top: string
  /** Relative to `top`. */
  readonly path: string
}

/** A folder that is held open: whatever agents do to its parents, `at` stays in this folder. */
export interface HeldFolder extends AsyncDisposable {
  at(name: string): string
}

const linux = process.platform === 'linux'
// O_PATH (Linux, not among Node's constants) asks for no right to list the folder.
const folderFlags = (linux ? 0o10_000_000 : constants.O_RDONLY) | constants.O_DIRECTORY

/** True for what {@link holdFolder} throws when a part of the path is a link. */
export function isLinkOnTheWay(error: unknown): boolean {
  return errnoOf(error) === 'ELOOP'
}

async function openPart(path: string): Promise<FileHandle> {
  try {
    return await open(path, folderFlags | constants.O_NOFOLLOW)
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR' && (await lstat(path)).isSymbolicLink()) {
      throw Object.assign(new Error('A part of the path is a link. Name the folder itself.'), { code: 'ELOOP' })
    }
    throw error
  }
}

async function makePart(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Opens a folder of the data volume part by part, never through a link: an agent that could lead the server's writes and
 * removals elsewhere would control what only the server may touch. Linux keeps to the opened folders (`/proc/self/fd`);
 * elsewhere each part is checked, and a change right after the check is not noticed. Missing folders are created when
 * `made` is given, which is called for each; otherwise the result is null.
 */
export function holdFolder(place: VolumePlace, made: (folder: string) => Promise<void>): Promise<HeldFolder>
export function holdFolder(place: VolumePlace): Promise<HeldFolder | null>
export async function holdFolder(
  { top, path }: VolumePlace,
  made?: (folder: string) => Promise<void>,
): Promise<HeldFolder | null> {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new TypeError(`Expected a path without "..", got ${JSON.stringify(path)}`)
  let place = top
  let handle: FileHandle | null = null
  const at = (name: string) => posix.join(linux && handle !== null ? `/proc/self/fd/${handle.fd}` : place, name)
  try {
    handle = await open(top, folderFlags)
    for (const part of parts) {
      const isNew = made !== undefined && (await makePart(at(part)))
      const next = await openPart(at(part))
      await handle.close()
      handle = next
      place = posix.join(place, part)
      if (isNew) await made(at('.'))
    }
  } catch (error) {
    await handle?.close()
    if (made === undefined && errnoOf(error) === 'ENOENT') return null
    throw error
  }
  const held = handle
  return { at, [Symbol.asyncDispose]: () => held.close() }
}

/** Opens an agent's file for reading: no link, no pipe that would block the server. Null when it does not exist. */
export async function openAgentFile({ top, path }: VolumePlace): Promise<FileHandle | null> {
  await using folder = await holdFolder({ top, path: posix.dirname(path) })
  if (folder === null) return null
  let file: FileHandle
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
    file = await open(folder.at(posix.basename(path)), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
  try {
    if ((await file.stat()).isFile()) return file
    throw Object.assign(new Error(`${posix.join(top, path)} is not a regular file.`), { code: 'EINVAL' })
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Removes an agent's file; for a link, the link is removed, not its target. */
export async function removeAgentFile({ top, path }: VolumePlace): Promise<void> {
  await using folder = await holdFolder({ top, path: posix.dirname(path) })
  if (folder === null) return
  try {
    await unlink(folder.at(posix.basename(path)))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
