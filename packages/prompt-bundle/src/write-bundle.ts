import { chmod, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemErrorCode } from '@agent-jobs/primitives'
import { BundleError, sourceError, volumeError } from './bundle-error.ts'
import { openSource, readThrough } from './copy-file.ts'
import type { Damage } from './inspect-bundle.ts'
import type { ScannedFile } from './manifest.ts'

// Nobody has a reason to write into a bundle, and a slip of an agent must not change what the next run reads.
const fileMode = 0o444
const programMode = 0o555
// The pod's user need not be ours: everybody may read.
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
        `The source ${source} changed while it was read. Try again when nobody writes to it.`,
      )
    }
  } finally {
    await handle.close()
  }
}

/** Writes one file, durable and with its mode, where nothing is yet. */
async function writeFile(path: string, file: ScannedFile, signal?: AbortSignal): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await fillFrom(
      file,
      async (piece) => {
        // A write may take less than it is given; `writeFile` of a handle goes on at its position until all is there.
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
 * Writes all files into a new directory. Says false when it was taken away meanwhile: by a collector whose clock is an
 * hour ahead of the volume's, to which it looks abandoned.
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

/** Moves a finished directory to its place. Says false when another writer was first, or when it was taken away. */
export async function publish(temporary: string, directory: string): Promise<boolean> {
  try {
    await rename(temporary, directory)
    return true
  } catch (error) {
    const code = systemErrorCode(error)
    // A directory cannot be renamed onto one that holds something, nor onto a file.
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR' || code === 'ENOENT') return false
    throw volumeError(directory, error)
  }
}

/**
 * Mends a directory in place, file by file, each by one rename: a run that reads the bundle meanwhile never finds it
 * gone, and two that mend at once do the same.
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
    // A directory must be open before anything in it can be mended.
    for (const { path, what } of damage)
      if (what === 'mode' && !byName.has(path)) await openFolder(join(directory, path))
    // What is in the way goes first.
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
    // A collector took the bundle away meanwhile; whoever asked looks again and writes it anew.
    if (systemErrorCode(error) === 'ENOENT') return
    throw volumeError(directory, error)
  }
}

/** Gives a directory its mode back. Where it is another user's or the volume knows no modes, it stays as it is. */
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
    // A directory stands where the file belongs.
    if (systemErrorCode(error) !== 'EISDIR') throw error
    await rm(target, { recursive: true, force: true })
    await rename(temporary, target)
  }
}
