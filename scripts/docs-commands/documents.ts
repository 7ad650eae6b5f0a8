import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readBlocks, type Place, type ShellBlock } from './read-blocks.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Every shell block in the documents of the repository. */
export function documentedBlocks(): ShellBlock[] {
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
  return files
    .split('\n')
    .filter((file) => file !== '' && !/CHANGELOG|^\.changeset|__fixtures__|api\.md$/.test(file))
    .flatMap((file) => readBlocks(file, readFileSync(join(root, file), 'utf8')))
}

/** The documents with blocks for one place, each with these blocks in their order. */
export function documentsFor(place: Place): [file: string, blocks: ShellBlock[]][] {
  const files = new Map<string, ShellBlock[]>()
  for (const block of documentedBlocks()) {
    if (block.places.includes(place)) files.set(block.file, [...(files.get(block.file) ?? []), block])
  }
  return [...files]
}
