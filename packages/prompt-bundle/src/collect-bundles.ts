import { lstat, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemErrorCode } from '@agent-jobs/primitives'
import { volumeError } from './bundle-error.ts'

/** Which bundles may be removed. */
export interface CollectOptions {
  /** Keys that runs read; never removed, however old. */
  readonly inUse: Iterable<string>
  /** How long a bundle is kept after it was last requested. */
  readonly unusedForMs: number
  /** Only report what would be removed. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/** One bundle, and why it was removed or kept. */
export interface CollectedBundle {
  readonly key: string
  readonly verdict: 'removed' | 'in_use' | 'young'
  readonly unusedMs: number
}

/** What was removed, or would have been. */
export interface Collection {
  readonly dryRun: boolean
  readonly bundles: readonly CollectedBundle[]
  /** Unfinished directories that a writer or collector left behind when it died. */
  readonly leftovers: readonly string[]
}

const keyPattern = /^[0-9a-f]{64}$/
const leftoverPattern = /^\.(?:tmp|gone)-/
// No write takes this long; older leftovers have no owner.
const leftoverMs = 3_600_000

/** Removes bundles that no run reads and that were not requested for a while. */
export async function collectBundles(
  root: string,
  { now, suffix }: { now: () => number; suffix: () => string },
  { inUse, unusedForMs, dryRun = false, signal }: CollectOptions,
): Promise<Collection> {
  if (!(unusedForMs >= 0)) {
    throw new TypeError(`Expected \`unusedForMs\` to be a non-negative number, got \`${unusedForMs}\``)
  }
  const used = new Set(inUse)
  const bundles: CollectedBundle[] = []
  const leftovers: string[] = []

  async function ageOf(name: string): Promise<number | undefined> {
    try {
      return now() - (await lstat(join(root, name))).mtimeMs
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw error
    }
  }

  /** Moves it away before removing it, so that a writer that is still alive cannot add to it. */
  async function discard(name: string): Promise<void> {
    const gone = join(root, `.gone-${suffix()}`)
    try {
      await rename(join(root, name), gone)
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return
      throw error
    }
    await rm(gone, { recursive: true, force: true })
  }

  async function remove(key: string): Promise<boolean> {
    const gone = `.gone-${key}-${suffix()}`
    try {
      await rename(join(root, key), join(root, gone))
    } catch (error) {
      // Another collector was first.
      if (systemErrorCode(error) === 'ENOENT') return false
      throw error
    }
    // A request between our check and the rename has updated its time.
    const age = await ageOf(gone)
    if (age !== undefined && age < unusedForMs) {
      await rename(join(root, gone), join(root, key)).catch((error: unknown) => {
        // The caller found it missing and has rewritten it.
        if (systemErrorCode(error) !== 'ENOTEMPTY' && systemErrorCode(error) !== 'EEXIST') throw error
      })
      return false
    }
    await rm(join(root, gone), { recursive: true, force: true })
    return true
  }

  try {
    const names = await readdir(root).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return []
      throw error
    })
    for (const name of names.sort()) {
      signal?.throwIfAborted()
      const unusedMs = await ageOf(name)
      if (unusedMs === undefined) continue
      if (leftoverPattern.test(name) && unusedMs > leftoverMs) {
        leftovers.push(name)
        if (!dryRun) await discard(name)
      }
      if (!keyPattern.test(name)) continue
      if (used.has(name)) bundles.push({ key: name, verdict: 'in_use', unusedMs })
      else if (unusedMs < unusedForMs) bundles.push({ key: name, verdict: 'young', unusedMs })
      else if (dryRun || (await remove(name))) bundles.push({ key: name, verdict: 'removed', unusedMs })
      else bundles.push({ key: name, verdict: 'young', unusedMs: 0 })
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw volumeError(root, error)
  }
  return { dryRun, bundles, leftovers }
}
