import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const packages = fileURLToPath(new URL('../../', import.meta.url))
const source = join(packages, 'stream-parser-core', 'src')
const parsers = ['claude-stream-parser', 'opencode-stream-parser'].map((name) => join(packages, name, 'src', 'core'))
const header = '// Copied from packages/stream-parser-core; edit there.\n'

/** Copies the core into `src/core` of both parsers. What is up to date is not touched, what is gone is removed. */
export async function copyCore(targets: readonly string[] = parsers): Promise<void> {
  const files = (await readdir(source)).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  for (const target of targets) {
    await mkdir(target, { recursive: true })
    for (const file of await readdir(target)) {
      if (file.endsWith('.ts') && !files.includes(file)) await rm(join(target, file), { force: true })
    }
    for (const file of files) {
      await replace(join(target, file), header + (await readFile(join(source, file), 'utf8')))
    }
  }
}

/** Both parsers are built at the same time and each copies for both, so a reader must never see half a file. */
async function replace(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return
  const draft = `${path}.${randomUUID()}.draft`
  await writeFile(draft, text)
  await rename(draft, path)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await copyCore()
