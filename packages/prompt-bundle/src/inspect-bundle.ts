import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemErrorCode } from '@agent-jobs/primitives'
import { digestFile, openRegular } from './copy-file.ts'
import type { ManifestFile } from './manifest.ts'

/** What is wrong with one path of a bundle on disk. */
export interface Damage {
  readonly path: string
  readonly what: 'missing' | 'changed' | 'mode' | 'extra'
}

async function inspectFile(directory: string, file: ManifestFile, signal?: AbortSignal): Promise<Damage | undefined> {
  const path = join(directory, file.path)
  try {
    const found = await lstat(path)
    if (!found.isFile() || found.size !== file.bytes) return { path: file.path, what: 'changed' }
    const { handle } = await openRegular(path)
    const { sha256 } = await digestFile(handle, { maxBytes: file.bytes, signal })
    if (sha256 !== file.sha256) return { path: file.path, what: 'changed' }
    const bits = file.executable ? 0o555 : 0o444
    return (found.mode & 0o555) === bits ? undefined : { path: file.path, what: 'mode' }
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { path: file.path, what: 'missing' }
    // A file that became unreadable or a link counts as changed; rewriting it gives a better error if that fails.
    if (code === 'EACCES' || code === 'ELOOP' || code === 'EIO') return { path: file.path, what: 'changed' }
    throw error
  }
}

/** Entries of a directory; none if it is unreadable, which its mode already reports. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (systemErrorCode(error) === 'EACCES') return []
    throw error
  }
}

/** Returns how a directory differs from its manifest; undefined when it does not exist. */
export async function inspectBundle(
  directory: string,
  files: readonly ManifestFile[],
  signal?: AbortSignal,
): Promise<Damage[] | undefined> {
  const wanted = new Set(files.map(({ path }) => path))
  const parents = new Set(
    files.flatMap(({ path }) => path.split('/').map((_, end, parts) => parts.slice(0, end).join('/'))),
  )
  const damage: Damage[] = []

  async function findExtra(folder: string): Promise<void> {
    // An unreadable directory seems empty, so check its mode; the bundle's own is `.`.
    const { mode } = await lstat(join(directory, folder))
    if ((mode & 0o555) !== 0o555) damage.push({ path: folder === '' ? '.' : folder, what: 'mode' })
    for (const entry of await entriesOf(join(directory, folder))) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (wanted.has(path)) continue
      if (!parents.has(path)) damage.push({ path, what: 'extra' })
      else if (entry.isDirectory()) await findExtra(path)
      // A file in place of a directory: the files below are missing, and this one is in their way.
      else damage.push({ path, what: 'extra' })
    }
  }

  try {
    if (!(await lstat(directory)).isDirectory()) return [{ path: '', what: 'changed' }]
    await findExtra('')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  }
  for (const file of files) {
    signal?.throwIfAborted()
    const found = await inspectFile(directory, file, signal)
    if (found) damage.push(found)
  }
  return damage
}
