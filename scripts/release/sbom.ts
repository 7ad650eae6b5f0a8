import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A package in a bill of materials. */
export interface Component {
  readonly name: string
  readonly version: string
  /** SPDX ids or expressions, or the text that the package states. */
  readonly licences: readonly string[]
}

interface Bom {
  readonly components?: readonly {
    readonly group?: string
    readonly name: string
    readonly version: string
    readonly licenses?: readonly { readonly license?: { id?: string; name?: string }; readonly expression?: string }[]
  }[]
}

/** Packages whose files contain their dependencies: what they contain is listed among their development dependencies. */
const bundles = ['@agent-jobs/cli', '@agent-jobs/adapter-*-k8s']

/**
 * Writes a CycloneDX bill of materials for each published package into a folder. That of a package which bundles its
 * dependencies lists its build tools, too.
 */
export function writeBills(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const write = (filters: readonly string[], ...more: string[]) => {
    const args = filters.flatMap((filter) => ['--filter', filter])
    const out = ['--split', '--out', join(folder, '%s-%v.cdx.json')]
    execFileSync('pnpm', [...args, 'sbom', '--sbom-format', 'cyclonedx', ...more, ...out], { cwd: root, stdio: 'pipe' })
  }
  write(['./packages/*', ...bundles.map((name) => `!${name}`)], '--prod')
  write(bundles)
}

/** The components of the bills in a folder, each once. */
export function billedComponents(folder: string): Component[] {
  const found = new Map<string, Component>()
  for (const file of readdirSync(folder)) {
    for (const component of componentsOf(readFileSync(join(folder, file), 'utf8'))) {
      found.set(`${component.name}@${component.version}`, component)
    }
  }
  return [...found.values()]
}

/** The components of one bill. */
export function componentsOf(bill: string): Component[] {
  const { components = [] } = JSON.parse(bill) as Bom
  return components.map(({ group, name, version, licenses = [] }) => ({
    name: group === undefined ? name : `${group}/${name}`,
    version,
    licences: licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? 'none'),
  }))
}
