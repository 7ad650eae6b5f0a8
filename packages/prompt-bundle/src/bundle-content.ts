/** A file whose content is given. */
export interface TextEntry {
  /** Path in the bundle: relative, with `/`. */
  readonly path: string
  readonly content: string | Uint8Array
  readonly executable?: boolean | undefined
}

/** A file or a directory tree to copy. */
export interface SourceEntry {
  /** Path in the bundle: relative, with `/`. */
  readonly path: string
  /** An absolute path on this machine. It may itself be a link. */
  readonly source: string
}

/** Content of a bundle. */
export type BundleEntry = TextEntry | SourceEntry

/** Bounds of one bundle. */
export interface BundleLimits {
  readonly maxFiles: number
  readonly maxBytes: number
  /** Levels of directories below a source. */
  readonly maxDepth: number
}

/** How sources are read. */
export interface ScanOptions {
  readonly limits: BundleLimits
  /** Directories outside of a source into which its links may lead. */
  readonly linkTargets: readonly string[]
  /** Names of files and directories that are left out of sources. */
  readonly ignore: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** The most that a bundle may hold unless its owner says otherwise. */
export const defaultLimits: BundleLimits = { maxFiles: 2_000, maxBytes: 64 * 1_048_576, maxDepth: 32 }
/** Names that are left out of sources unless the owner says otherwise. */
export const defaultIgnore: readonly string[] = ['.git', '.DS_Store']
