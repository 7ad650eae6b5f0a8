import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PackedManifest, PackedPackage } from './judge-package.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const outputBytes = 16 * 1024 * 1024

/** An empty folder in which npm has installed every package from its tarball. */
export interface Consumer extends AsyncDisposable {
  readonly folder: string
  readonly packages: readonly PackedPackage[]
}

/** Packs what `pnpm build` has built and installs it with npm as a user would, without anything of the monorepo. */
export async function installTarballs(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-jobs-consumer-'))
  try {
    const tarballs = await pack(join(folder, 'tarballs'))
    const dependencies = Object.fromEntries(tarballs.map(({ name, filename }) => [name, `file:${filename}`]))
    await writeFile(
      join(folder, 'package.json'),
      // The types of Node are all that a TypeScript user has to add.
      JSON.stringify({ private: true, type: 'module', dependencies: { ...dependencies, '@types/node': '^24.0.0' } }),
    )
    // Optional are only the agents' own command lines, 400 MB of them; the demo's tests use those.
    const options = ['--omit=optional', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
    await run('npm', ['install', ...options], { cwd: folder, maxBuffer: outputBytes })
    return {
      folder,
      packages: await Promise.all(
        tarballs.map(async ({ name, filename }) => {
          const { size } = await stat(filename)
          return readPackage(join(folder, 'node_modules', name), size)
        }),
      ),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function pack(folder: string): Promise<{ name: string; filename: string }[]> {
  await mkdir(folder)
  const everything = ['--filter', './packages/*', '--filter', './apps/*']
  const packing = ['-r', ...everything, 'pack', '--json', '--pack-destination', folder]
  const { stdout } = await run('pnpm', packing, { cwd: root, maxBuffer: outputBytes })
  const packed = JSON.parse(stdout.slice(stdout.indexOf('['))) as { name: string; filename: string }[]
  const isPrivate = await privateNames()
  return packed.filter(({ name }) => !isPrivate.has(name))
}

async function privateNames(): Promise<Set<string>> {
  const names = new Set<string>()
  for (const house of ['packages', 'apps']) {
    for (const name of await readdir(join(root, house))) {
      const text = await readFile(join(root, house, name, 'package.json'), 'utf8')
      const manifest = JSON.parse(text) as { name: string; private?: boolean }
      if (manifest.private === true) names.add(manifest.name)
    }
  }
  return names
}

async function readPackage(folder: string, bytes: number): Promise<PackedPackage> {
  const files = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    files.set(relative(folder, file).replaceAll(sep, '/'), await readFile(file, 'utf8'))
  }
  return { manifest: JSON.parse(files.get('package.json') ?? '{}') as PackedManifest, files, bytes }
}
