import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const installMs = 600_000

/** The newest stable versions of a package, newest first. */
export async function newestVersions(name: string, count: number): Promise<string[]> {
  const { stdout } = await run('npm', ['view', name, 'versions', '--json'], { maxBuffer: 64 * 1024 * 1024 })
  const listed: unknown = JSON.parse(stdout)
  return sortedVersions(Array.isArray(listed) ? listed : [listed]).slice(0, count)
}

/** Stable versions, newest first. */
export function sortedVersions(listed: readonly unknown[]): string[] {
  return listed
    .filter((version) => typeof version === 'string')
    .filter((version) => /^\d+\.\d+\.\d+$/.test(version))
    .sort((a, b) => compareVersions(b, a))
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)]
  for (const [index, part] of left.entries()) if (part !== right[index]) return part - (right[index] ?? 0)
  return 0
}

/** Installs one version of a package below `folder` and returns the package's own folder. */
export async function install(name: string, version: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  const options = ['--prefix', folder, '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', ['install', ...options, `${name}@${version}`], { timeout: installMs, maxBuffer: 64 * 1024 * 1024 })
  return join(folder, 'node_modules', name)
}
