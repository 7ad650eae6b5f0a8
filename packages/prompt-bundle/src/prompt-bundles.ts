import { randomBytes } from 'node:crypto'
import { chmod, mkdir, rm, utimes } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { systemErrorCode } from '@agent-jobs/primitives'
import {
  defaultIgnore,
  defaultLimits,
  type BundleEntry,
  type BundleLimits,
  type ScanOptions,
} from './bundle-content.ts'
import { BundleError, volumeError } from './bundle-error.ts'
import { collectBundles, type Collection, type CollectOptions } from './collect-bundles.ts'
import { inspectBundle, type Damage } from './inspect-bundle.ts'
import { keyOf, type ScannedFile } from './manifest.ts'
import { scanContent } from './scan-content.ts'
import { fillDirectory, publish, repair } from './write-bundle.ts'

/** Options of {@link createPromptBundles}. */
export interface PromptBundlesOptions {
  /** Absolute directory that holds the bundles; made when absent. */
  readonly root: string
  readonly limits?: Partial<BundleLimits>
  /** Directories outside of a source into which its links may lead. */
  readonly linkTargets?: readonly string[]
  /** Names of files and directories that are left out of sources. */
  readonly ignore?: readonly string[]
  readonly clock?: { now(): number }
}

/** A bundle that lies ready. */
export interface Bundle {
  /** Names the content: 64 hexadecimal digits. */
  readonly key: string
  readonly directory: string
  readonly outcome: 'created' | 'reused' | 'repaired'
  /** What was wrong and has been mended. */
  readonly damage: readonly Damage[]
  readonly files: number
  readonly bytes: number
  readonly warnings: readonly string[]
}

/** Bundles below one directory. */
export interface PromptBundles {
  /** Makes sure that a bundle with this content exists, complete and undamaged. */
  materialize(entries: readonly BundleEntry[], o?: { signal?: AbortSignal }): Promise<Bundle>
  /** Removes bundles that no run reads and that were not requested for a while. */
  collect(o: CollectOptions): Promise<Collection>
}

// A writer that loses this often against repairs and collections has another problem.
const maxRounds = 5

/** Reads content and names it, without writing anything. */
export async function bundleKey(
  entries: readonly BundleEntry[],
  o: Omit<PromptBundlesOptions, 'root' | 'clock'> & { signal?: AbortSignal } = {},
): Promise<string> {
  return keyOf(await scanContent(entries, scanOptions(o)))
}

function scanOptions({
  limits,
  linkTargets = [],
  ignore = defaultIgnore,
  signal,
}: Omit<PromptBundlesOptions, 'root' | 'clock'> & { signal?: AbortSignal | undefined }): ScanOptions {
  return { limits: { ...defaultLimits, ...limits }, linkTargets, ignore, signal }
}

/** Makes the store of bundles below a directory. Nothing is read or written before the first call. */
export function createPromptBundles(options: PromptBundlesOptions): PromptBundles {
  const { root, clock = Date } = options
  if (!isAbsolute(root)) throw new TypeError(`Expected \`root\` to be an absolute path, got \`${root}\``)
  const suffix = () => `${process.pid}-${randomBytes(6).toString('hex')}`

  async function inTemporary<T>(key: string, work: (temporary: string) => Promise<T>): Promise<T> {
    const temporary = join(root, `.tmp-${key.slice(0, 16)}-${suffix()}`)
    try {
      return await work(temporary)
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  }

  async function makeRoot(): Promise<void> {
    try {
      const made = await mkdir(root, { recursive: true })
      if (made !== undefined) await chmod(root, 0o755)
    } catch (error) {
      throw volumeError(root, error)
    }
  }

  /** Marks the bundle as asked for. Says `gone` when a collector has just taken it away. */
  async function touch(directory: string): Promise<'marked' | 'unmarked' | 'gone'> {
    const now = clock.now() / 1_000
    try {
      await utimes(directory, now, now)
      return 'marked'
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === 'ENOENT') return 'gone'
      // Read-only, or made by another user: good enough to read.
      if (code === 'EROFS' || code === 'EPERM' || code === 'EACCES') return 'unmarked'
      throw volumeError(directory, error)
    }
  }

  function warningsOf({ modes, marked }: { modes: boolean; marked: boolean }): string[] {
    const warnings: string[] = []
    if (!modes) {
      warnings.push(
        `The bundle below ${root} cannot be given its modes, by this volume or this user: start programs in it by their interpreter, and see that the agent's user may read it.`,
      )
    }
    if (!marked) {
      warnings.push(
        `The bundle below ${root} belongs to another user or is read-only; its age for collection is not kept.`,
      )
    }
    return warnings
  }

  async function ensure(directory: string, key: string, files: readonly ScannedFile[], signal?: AbortSignal) {
    let outcome: Bundle['outcome'] = 'reused'
    const mended: Damage[] = []
    for (let round = 0; round < maxRounds; round += 1) {
      signal?.throwIfAborted()
      const damage = await inspectBundle(directory, files, signal).catch((error: unknown) => {
        signal?.throwIfAborted()
        throw volumeError(directory, error)
      })
      if (damage === undefined) {
        const written = await inTemporary(
          key,
          async (temporary) => (await fillDirectory(temporary, files, signal)) && (await publish(temporary, directory)),
        )
        // Looked at like any other in the next round: what was written is read back once.
        if (written) outcome = 'created'
        continue
      }
      // Some volumes know no modes. What was tried once is then left as it is.
      const tried = outcome === 'created' || mended.some(({ what }) => what === 'mode')
      const modes = damage.length === 0
      if (modes || (tried && damage.every(({ what }) => what === 'mode'))) {
        const mark = await touch(directory)
        if (mark !== 'gone') return { outcome, mended, warnings: warningsOf({ modes, marked: mark === 'marked' }) }
        continue
      }
      await inTemporary(key, (scratch) => repair(directory, { files, damage, scratch, signal }))
      mended.push(...damage)
      if (outcome === 'reused') outcome = 'repaired'
    }
    throw new BundleError(
      'volume_error',
      directory,
      `The bundle at ${directory} did not stay sound for as long as it takes to look at it, ${maxRounds} times. Something else writes there; find it.`,
    )
  }

  return {
    async materialize(entries, { signal } = {}) {
      const files = await scanContent(entries, scanOptions({ ...options, signal }))
      const key = keyOf(files)
      const directory = join(root, key)
      await makeRoot()
      const { outcome, mended, warnings } = await ensure(directory, key, files, signal)
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
      return { key, directory, outcome, damage: mended, files: files.length, bytes, warnings }
    },
    collect: (collectOptions) => collectBundles(root, { now: () => clock.now(), suffix }, collectOptions),
  }
}
