import { createHash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { open, readlink, type FileHandle } from 'node:fs/promises'
import { BundleError } from './bundle-error.ts'

/** What was read. */
export interface Digest {
  readonly bytes: number
  readonly sha256: string
}

const pieceBytes = 262_144

/** Opens a regular file for reading, and nothing else: no link, no pipe that would make the opener wait. */
export async function openRegular(path: string): Promise<{ handle: FileHandle; stats: Stats }> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) throw Object.assign(new Error(`${path} is not a regular file`), { code: 'EINVAL' })
    return { handle, stats }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/**
 * Opens a file of a source, whose path was followed to its end before. A directory on the way may have become a link since:
 * on Linux the opened file itself tells where it lies.
 */
export async function openSource(path: string): Promise<FileHandle> {
  const { handle } = await openRegular(path)
  if (process.platform !== 'linux') return handle
  try {
    if ((await readlink(`/proc/self/fd/${handle.fd}`)) === path) return handle
    throw new BundleError(
      'source_changed',
      path,
      `The source ${path} is reached by a link that was not there before. Retry once nothing writes to it.`,
    )
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Reads a file piece by piece to its end, or until it is longer than `maxBytes`, hashing and passing each piece on. */
export async function readThrough(
  handle: FileHandle,
  o: { maxBytes: number; write?: (piece: Uint8Array) => Promise<void>; signal?: AbortSignal | undefined },
): Promise<Digest> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(pieceBytes)
  let bytes = 0
  for (;;) {
    o.signal?.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null)
    if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') }
    const piece = buffer.subarray(0, bytesRead)
    bytes += bytesRead
    if (bytes > o.maxBytes) return { bytes, sha256: '' }
    hash.update(piece)
    await o.write?.(piece)
  }
}

/** Hashes a file that is open, and closes it. */
export async function digestFile(
  handle: FileHandle,
  o: { maxBytes: number; signal?: AbortSignal | undefined },
): Promise<Digest> {
  try {
    return await readThrough(handle, o)
  } finally {
    await handle.close()
  }
}
