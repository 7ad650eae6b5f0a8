import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { CliError } from '../errors/cli-error.ts'

/** An agent's command line as npm installed it. */
export interface InstalledAgent {
  readonly file: string
  readonly version: string
}

/**
 * Finds the native program of an npm package. Its postinstall script copies it into place; what lies there before
 * is a small text that cannot run.
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
  const { version, bin } = readManifest(manifest)
  const file = join(dirname(manifest), bin)
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size < 1_000_000) {
    throw new CliError(
      'agent_not_installed',
      `${packageName} is installed, but its program ${file} is not in place (${size} bytes). ${remedy}`,
    )
  }
  return { file, version }
}

function readManifest(file: string): { version: string; bin: string } {
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const fields =
    typeof manifest === 'object' && manifest !== null ? new Map(Object.entries(manifest)) : new Map<string, unknown>()
  const bin = fields.get('bin')
  const first: unknown = typeof bin === 'object' && bin !== null ? Object.values(bin)[0] : bin
  return { version: String(fields.get('version') ?? 'unknown'), bin: typeof first === 'string' ? first : '' }
}
