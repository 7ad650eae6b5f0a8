import { chmod, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemErrorCode } from '@agent-jobs/primitives'
import { BundleError, sourceError, volumeError } from './bundle-error.ts'
import { openSource, readThrough } from './copy-file.ts'
import type { Damage } from './inspect-bundle.ts'
import type { ScannedFile } from './manifest.ts'

// Bundles are never written to, and a mistake of an agent must not change what the next run reads.
const fileMode = 0o444
const programMode = 0o555
// The pod's user may differ from ours: all users may read.
const folderMode = 0o755

async function fillFrom(
  file: ScannedFile,
  write: (piece: Uint8Array) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  if ('content' in file.origin) return await write(file.origin.content)
  const source = file.origin.file
  const handle = await openSource(source).catch((error: unknown) => {
    throw sourceError(source, error)
  })
  try {
    const { bytes, sha256 } = await readThrough(handle, { maxBytes: file.bytes, write, signal })
    if (bytes !== file.bytes || sha256 !== file.sha256) {
      throw new BundleError(
        'source_changed',
        source,
        `The source ${source} changed while it was read. Retry once nothing writes to it.`,
      )
    }
  } finally {
    await handle.close()
  }
}

/** Writes one new file durably, with its mode. */
async function writeFile(path: string, file: ScannedFile, signal?: AbortSignal): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await fillFrom(
      file,
      async (piece) => {
        // A write may take less than it is given; `writeFile` of a handle continues until all is written.
        await handle.writeFile(piece)
      },
      signal,
    )
    await handle.chmod(file.executable ? programMode : fileMode)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes missing directories with a mode that the umask cannot narrow. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let made = path; ; made = dirname(made)) {
    await chmod(made, folderMode)
    if (made === first) return
  }
}

/**
 * Writes all files into a new directory. Returns false when it was removed during the write, by a collector whose clock
 * is an hour ahead of the volume's, to which it looks abandoned.
 */
export async function fillDirectory(
  directory: string,
  files: readonly ScannedFile[],
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    await makeFolder(directory)
    for (const file of files) {
      signal?.throwIfAborted()
      const path = join(directory, file.path)
      await makeFolder(dirname(path))
      await writeFile(path, file, signal)
    }
    return true
  } catch (error) {
    signal?.throwIfAborted()
    if (systemErrorCode(error) === 'ENOENT') return false
    throw volumeError(directory, error)
  }
}

/** Moves a finished directory to its place. Returns false when another writer was first, or when it was removed. */
export async function publish(temporary: string, directory: string): Promise<boolean> {
  try {
    await rename(temporary, directory)
    return true
  } catch (error) {
    const code = systemErrorCode(error)
    // A directory cannot be renamed onto a non-empty one or onto a file.
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR' || code === 'ENOENT') return false
    throw volumeError(directory, error)
  }
}

/**
 * Repairs a directory in place, file by file, each by one rename: a run that reads the bundle never finds it missing,
 * and concurrent repairs do the same.
 */
export async function repair(
  directory: string,
  {
    files,
    damage,
    scratch,
    signal,
  }: { files: readonly ScannedFile[]; damage: readonly Damage[]; scratch: string; signal?: AbortSignal | undefined },
): Promise<void> {
  const byName = new Map(files.map((file) => [file.path, file]))
  try {
    await makeFolder(scratch)
    if (damage.some(({ path }) => path === '')) await rm(directory, { recursive: true, force: true })
    // A directory must be accessible before anything in it can be repaired.
    for (const { path, what } of damage)
      if (what === 'mode' && !byName.has(path)) await openFolder(join(directory, path))
    // Remove what is in the way first.
    for (const { path, what } of damage) {
      if (what === 'extra') await rm(join(directory, path), { recursive: true, force: true })
    }
    const broken = damage.some(({ path }) => path === '')
      ? files.map(({ path }) => path)
      : damage.map(({ path }) => path)
    for (const [index, path] of broken.entries()) {
      const file = byName.get(path)
      if (!file) continue
      signal?.throwIfAborted()
      const temporary = join(scratch, String(index))
      const target = join(directory, path)
      await writeFile(temporary, file, signal)
      await makeFolder(dirname(target))
      await replace(temporary, target)
    }
  } catch (error) {
    signal?.throwIfAborted()
    // A collector removed the bundle; the caller checks again and rewrites it.
    if (systemErrorCode(error) === 'ENOENT') return
    throw volumeError(directory, error)
  }
}

/** Restores a directory's mode. If it is another user's or the volume has no modes, it stays as it is. */
async function openFolder(path: string): Promise<void> {
  try {
    await chmod(path, folderMode)
  } catch (error) {
    if (systemErrorCode(error) !== 'EPERM' && systemErrorCode(error) !== 'ENOTSUP') throw error
  }
}

async function replace(temporary: string, target: string): Promise<void> {
  try {
    await rename(temporary, target)
  } catch (error) {
    // There is a directory in place of the file.
    if (systemErrorCode(error) !== 'EISDIR') throw error
    await rm(target, { recursive: true, force: true })
    await rename(temporary, target)
  }
}
