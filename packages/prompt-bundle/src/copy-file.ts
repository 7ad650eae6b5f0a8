import { createHash } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

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

/** Hashes a regular file. */
export async function digestFile(
  path: string,
  o: { maxBytes: number; signal?: AbortSignal | undefined },
): Promise<Digest> {
  const { handle } = await openRegular(path)
  try {
    return await readThrough(handle, o)
  } finally {
    await handle.close()
  }
}
