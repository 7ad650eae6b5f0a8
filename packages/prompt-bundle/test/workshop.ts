import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createPromptBundles, type PromptBundles, type PromptBundlesOptions } from '../src/prompt-bundles.ts'

/** A directory to play in, with sources and a root for bundles. */
export interface Workshop extends Disposable {
  readonly root: string
  readonly now: { value: number }
  path(name: string): string
  write(name: string, content: string | Uint8Array, mode?: number): string
  bundles(options?: Partial<PromptBundlesOptions>): PromptBundles
}

export function openWorkshop(): Workshop {
  const base = mkdtempSync(join(tmpdir(), 'prompt-bundle-'))
  const now = { value: Date.UTC(2026, 10, 21) }
  const root = join(base, 'volume', 'bundles')
  return {
    root,
    now,
    path: (name) => join(base, name),
    write(name, content, mode = 0o644) {
      const path = join(base, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content, { mode })
      return path
    },
    bundles: (options) => createPromptBundles({ root, clock: { now: () => now.value }, ...options }),
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  }
}

/** All files below a directory with content, programs marked by `*`. */
export function contentsOf(directory: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(directory, name)
    const stats = statSync(path)
    if (stats.isFile()) found[(stats.mode & 0o100) === 0 ? name : `${name}*`] = readFileSync(path, 'utf8')
  }
  return found
}
