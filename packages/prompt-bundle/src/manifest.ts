import { createHash } from 'node:crypto'

/** One file of a bundle. */
export interface ManifestFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
  readonly executable: boolean
}

/** A file and where its bytes come from. */
export interface ScannedFile extends ManifestFile {
  readonly origin: { readonly file: string } | { readonly content: Uint8Array }
}

/** Orders paths by their bytes, so that the key does not depend on a locale. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path))
}

/** The name of a content: equal for equal files, whatever their age, owner or place. */
export function keyOf(files: readonly ManifestFile[]): string {
  const hash = createHash('sha256').update('agent-jobs/prompt-bundle:v1\n')
  for (const { path, bytes, sha256, executable } of [...files].sort(byPath)) {
    hash.update(`${JSON.stringify([path, bytes, sha256, executable])}\n`)
  }
  return hash.digest('hex')
}
