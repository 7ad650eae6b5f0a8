import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { workspaceImports } from '../workspace-imports.ts'
import type { ReleasePackage } from './bundled-releases.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
}

/** The packages of this repository as they are now. */
export function releasePackages(): ReleasePackage[] {
  const production = workspaceImports().filter(({ test }) => !test)
  return ['packages', 'apps'].flatMap((area) =>
    readdirSync(join(root, area))
      .filter((folder) => existsSync(join(root, area, folder, 'package.json')))
      .map((folder) => {
        const text = readFileSync(join(root, area, folder, 'package.json'), 'utf8')
        const { name, private: hidden = false, dependencies = {} } = JSON.parse(text) as Manifest
        const imports = production.filter(({ from }) => from === folder).map(({ to }) => `@agent-jobs/${to}`)
        return {
          name,
          private: hidden,
          dependencies: Object.keys(dependencies).filter((each) => each.startsWith('@agent-jobs/')),
          imports: [...new Set(imports)],
        }
      }),
  )
}
