import { readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { CliError } from '../errors/cli-error.ts'

/** A native program is larger than any script that replaces it. */
const smallestProgram = 1_000_000

/** An agent's command line as npm installed it. */
export interface InstalledAgent {
  readonly file: string
  readonly version: string
}

/**
 * Finds the native program of an npm package. A postinstall script copies it into place, and before that a small text that
 * cannot run is there; or a small script starts it from a package of the platform.
 */
export function installedAgent(packageName: string, from: string | URL = import.meta.url): InstalledAgent {
  const remedy = `Install it with scripts allowed: npm install ${packageName}`
  let manifest: string
  try {
    manifest = createRequire(from).resolve(`${packageName}/package.json`)
  } catch (cause) {
    throw new CliError(
      'agent_not_installed',
      `${packageName} is not installed (it is an optional dependency). ${remedy}`,
      { cause },
    )
  }
  const { version, name, bin } = readManifest(manifest)
  const file = join(dirname(manifest), bin)
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size < smallestProgram) {
    const native = platformProgram(manifest, packageName, name)
    if (native !== null) return { file: native, version }
    throw new CliError(
      'agent_not_installed',
      `${packageName} is installed, but its program ${file} is not in place (${size} bytes). ${remedy}`,
    )
  }
  return { file, version }
}

/** The program in `<package>-<platform>-<arch>`, below `vendor/<target>/bin` or `bin`; null when there is none. */
function platformProgram(manifest: string, packageName: string, name: string): string | null {
  let folder: string
  try {
    const platform = `${packageName}-${process.platform}-${process.arch}`
    folder = dirname(createRequire(manifest).resolve(`${platform}/package.json`))
  } catch {
    // Absent: the caller says what to install.
    return null
  }
  const vendor = join(folder, 'vendor')
  const targets = statSync(vendor, { throwIfNoEntry: false }) ? readdirSync(vendor) : []
  const candidates = [...targets.map((target) => join(vendor, target, 'bin', name)), join(folder, 'bin', name)]
  return candidates.find((file) => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= smallestProgram) ?? null
}

function readManifest(file: string): { version: string; name: string; bin: string } {
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const fields =
    typeof manifest === 'object' && manifest !== null ? new Map(Object.entries(manifest)) : new Map<string, unknown>()
  const bin = fields.get('bin')
  const [[key, first] = ['', bin]]: [string, unknown][] =
    typeof bin === 'object' && bin !== null ? Object.entries(bin) : []
  return {
    version: String(fields.get('version') ?? 'unknown'),
    name: key,
    bin: typeof first === 'string' ? first : '',
  }
}
