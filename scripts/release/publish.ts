// Builds and publishes every package whose version npm does not have, and writes a bill of materials for each into
// `.release/sbom`. `--dry-run` packs them, lists their files and publishes nothing.
// usage: pnpm release [--dry-run]
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeBills } from './sbom.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = (command: string, ...args: string[]) => execFileSync(command, args, { cwd: root, stdio: 'inherit' })
const dryRun = process.argv.slice(2).includes('--dry-run')

run('pnpm', 'exec', 'turbo', 'run', 'build')
run('node', 'scripts/prune-dist.ts')
const bills = join(root, '.release', 'sbom')
writeBills(bills)
console.log(`${readdirSync(bills).length} bills of materials in .release/sbom`)
if (dryRun) run('pnpm', '--recursive', 'publish', '--dry-run', '--no-git-checks', '--access', 'public')
else run('pnpm', 'exec', 'changeset', 'publish')
