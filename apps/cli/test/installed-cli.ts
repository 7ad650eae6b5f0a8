import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

/** The command line as users install it: built, packed, and installed by npm in an empty folder. */
export interface InstalledCli extends AsyncDisposable {
  /** The link that npm makes. */
  readonly bin: string
  readonly folder: string
  run(
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<{ code: number; out: string; err: string }>
}

/** Builds, packs and installs it; needs no registry, because the package has no dependencies. */
export async function installCli(): Promise<InstalledCli> {
  const folder = await mkdtemp(join(tmpdir(), 'agent-jobs-installed-'))
  const source = join(folder, 'source')
  const place = join(folder, 'place')
  await mkdir(source)
  await mkdir(place)
  await run(process.execPath, ['--conditions=@agent-jobs/source', join(root, 'scripts/build.ts'), join(source, 'dist')])
  for (const file of ['bin', 'README.md']) await cp(join(root, file), join(source, file), { recursive: true })
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Record<string, unknown>
  await writeFile(join(source, 'package.json'), JSON.stringify({ ...manifest, devDependencies: {} }))
  await writeFile(join(place, 'package.json'), '{"private":true}')
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder, source])
  const [packed] = JSON.parse(stdout) as [{ filename: string }]
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, packed.filename)], { cwd: place })
  const bin = join(place, 'node_modules', '.bin', 'agent-jobs')
  return {
    bin,
    folder,
    run: (args, env = {}) =>
      new Promise((resolve, reject) => {
        const { PATH = '', HOME = folder } = process.env
        // A command that should have ended is ended here, and the test says which.
        execFile(bin, args, { cwd: folder, env: { PATH, HOME, ...env }, timeout: 120_000 }, (error, out, err) => {
          if (error !== null && typeof error.code !== 'number') reject(error)
          else resolve({ code: error === null ? 0 : Number(error.code), out, err })
        })
      }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }),
  }
}
