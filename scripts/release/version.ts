// Turns the pending changesets into versions and changelogs. First adds a changeset for each package that contains a
// copy of a changed package, since changesets only follow dependencies. Then adds the changes of each API to the changelogs.
// usage: pnpm version-packages
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addToNewest, apiChanges, apiSection } from './api-changes.ts'
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

const versions = versionsByFolder()
execFileSync('pnpm', ['exec', 'changeset', 'version'], { cwd: root, stdio: 'inherit' })
for (const [place, { name, version }] of versionsByFolder()) {
  const earlier = versions.get(place)?.version
  const changelog = join(root, place, 'CHANGELOG.md')
  const report = join(place, 'api.md')
  if (earlier === version || !existsSync(changelog) || !existsSync(join(root, report))) continue
  const before = atTag(`${name}@${earlier}`, report)
  if (before === null) continue
  const changes = apiChanges(before, readFileSync(join(root, report), 'utf8'))
  writeFileSync(changelog, addToNewest(readFileSync(changelog, 'utf8'), apiSection(changes)))
}

function versionsByFolder(): Map<string, { name: string; version: string }> {
  const folders = ['packages', 'apps'].flatMap((area) => readdirSync(join(root, area)).map((each) => join(area, each)))
  return new Map(
    folders
      .filter((place) => existsSync(join(root, place, 'package.json')))
      .map((place) => [place, JSON.parse(readFileSync(join(root, place, 'package.json'), 'utf8'))]),
  )
}

/** A file as it was released; null before the first release. */
function atTag(tag: string, file: string): string | null {
  const tags = execFileSync('git', ['tag', '--list', tag], { cwd: root, encoding: 'utf8' })
  return tags.trim() === '' ? null : execFileSync('git', ['show', `${tag}:${file}`], { cwd: root, encoding: 'utf8' })
}
