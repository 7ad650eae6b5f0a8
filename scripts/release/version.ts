// Turns the pending changesets into versions and changelogs. First adds a changeset for each package that contains a
// copy of a changed package, since changesets only follow dependencies.
// usage: pnpm version-packages
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundledReleases } from './bundled-releases.ts'
import { changedPackages } from './changed-packages.ts'
import { releasePackages } from './release-packages.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, '.changeset')
const pending = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md')
const changed = changedPackages(pending.map((name) => readFileSync(join(folder, name), 'utf8')))
for (const { name, contains } of bundledReleases(changed, releasePackages())) {
  const file = join(folder, `contains-${name.replace('@agent-jobs/', '')}.md`)
  writeFileSync(file, `---\n'${name}': patch\n---\n\nContains the changes of ${contains.join(', ')}.\n`)
}
execFileSync('pnpm', ['exec', 'changeset', 'version'], { cwd: root, stdio: 'inherit' })
