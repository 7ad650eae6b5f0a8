// Runs one vitest project. Lists tests that passed only on a retry, and ends with the total on a line of its
// own: `N passed, N failed, N skipped`.
// usage: node scripts/test.ts unit|e2e|paperclip [--beside-builtin] [vitest arguments]
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { secondTries, sumOf, type Report } from './read-results.ts'

const [suite = 'unit', ...given] = process.argv.slice(2)
const root = fileURLToPath(new URL('..', import.meta.url))
// The same scenarios with Paperclip's built-in adapter and with ours; the table of what differs is printed and kept.
const isBeside = given.includes('--beside-builtin')
const rest = isBeside ? ['beside', ...given.filter((argument) => argument !== '--beside-builtin')] : given
const besideReport = join(root, '.test-results', 'beside-builtin.md')
const results = join(root, '.test-results', `${suite}.json`)
mkdirSync(join(root, '.test-results'), { recursive: true })
rmSync(results, { force: true })
if (isBeside) {
  rmSync(besideReport, { force: true })
  process.env['AGENT_JOBS_BESIDE_REPORT'] = besideReport
}

// What is generated must be fresh: vitest reads the copies.
await import('./generate.ts')

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const run = spawnSync(
  process.execPath,
  [vitest, 'run', '--project', suite, '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, ...rest],
  { cwd: root, stdio: 'inherit' },
)
const report = existsSync(results) ? (JSON.parse(readFileSync(results, 'utf8')) as Report) : undefined
for (const line of report === undefined ? [] : secondTries(report, root)) console.log(line)
if (isBeside && existsSync(besideReport)) console.log(readFileSync(besideReport, 'utf8'))
console.log(sumOf(report, run.status))
process.exitCode = run.status ?? 1
