import { createHash } from 'node:crypto'
import { defaultIgnore, defaultLimits, type BundleEntry, type BundleLimits } from './bundle-content.ts'
import { BundleError, sourceError } from './bundle-error.ts'
import { openSource, readThrough } from './copy-file.ts'
import { keyOf } from './manifest.ts'
import { scanContent } from './scan-content.ts'

/** One file of a bundle in memory. */
export interface BundleFile {
  readonly path: string
  readonly executable: boolean
  readonly content: Uint8Array
}

async function readSource(file: string, maxBytes: number, signal: AbortSignal | undefined): Promise<Buffer> {
  const pieces: Buffer[] = []
  try {
    await using handle = await openSource(file)
    await readThrough(handle, { maxBytes, write: async (piece) => void pieces.push(Buffer.from(piece)), signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw sourceError(file, error)
  }
  return Buffer.concat(pieces)
}

/** Reads content into memory, for places without a shared volume. The same checks and the same key. */
export async function readBundle(
  entries: readonly BundleEntry[],
  o: {
    limits?: Partial<BundleLimits>
    linkTargets?: readonly string[]
    ignore?: readonly string[]
    signal?: AbortSignal
  } = {},
): Promise<{ key: string; files: BundleFile[] }> {
  const { limits, linkTargets = [], ignore = defaultIgnore, signal } = o
  const scanned = await scanContent(entries, { limits: { ...defaultLimits, ...limits }, linkTargets, ignore, signal })
  const files: BundleFile[] = []
  for (const { path, executable, bytes, sha256, origin } of scanned) {
    if ('content' in origin) {
      files.push({ path, executable, content: origin.content })
      continue
    }
    const content = await readSource(origin.file, bytes, signal)
    if (createHash('sha256').update(content).digest('hex') !== sha256) {
      throw new BundleError(
        'source_changed',
        origin.file,
        `The source ${origin.file} changed while it was read. Retry once nothing writes to it.`,
      )
    }
    files.push({ path, executable, content })
  }
  return { key: keyOf(scanned), files }
}
