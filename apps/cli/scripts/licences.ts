import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

/** Name, version and licence text of every npm package among the files of a bundle, sorted by name. */
export async function licencesOf(files: readonly string[], root: string): Promise<string> {
  const folders = new Set(files.flatMap((file) => packageFolder(resolve(root, file)) ?? []))
  const entries = await Promise.all([...folders].map(licenceEntry))
  return `${[...new Set(entries)].toSorted().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

/** The folder of the package that a file belongs to; null for a file of ours. */
function packageFolder(file: string): string | null {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? null
}

async function licenceEntry(folder: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>
  const name = (await readdir(folder)).find((file) => /^licen[cs]e(?:\.|$)/i.test(file))
  const text = name === undefined ? '' : `\n\n${(await readFile(join(folder, name), 'utf8')).trim()}`
  return `${String(manifest['name'])} ${String(manifest['version'])} (${String(manifest['license'])})${text}`
}
