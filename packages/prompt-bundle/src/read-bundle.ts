import { readFile } from 'node:fs/promises'
import { defaultIgnore, defaultLimits, type BundleEntry, type BundleLimits } from './bundle-content.ts'
import { BundleError, sourceError } from './bundle-error.ts'
import { keyOf } from './manifest.ts'
import { scanContent } from './scan-content.ts'

/** One file of a bundle in memory. */
export interface BundleFile {
  readonly path: string
  readonly executable: boolean
  readonly content: Uint8Array
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
  for (const { path, executable, bytes, origin } of scanned) {
    if ('content' in origin) {
      files.push({ path, executable, content: origin.content })
      continue
    }
    const content = await readFile(origin.file, { signal }).catch((error: unknown) => {
      signal?.throwIfAborted()
      throw sourceError(origin.file, error)
    })
    if (content.length !== bytes) {
      throw new BundleError(
        'source_changed',
        origin.file,
        `The source ${origin.file} changed while it was read. Try again when nobody writes to it.`,
      )
    }
    files.push({ path, executable, content })
  }
  return { key: keyOf(scanned), files }
}
