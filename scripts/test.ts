// Runs one vitest project and ends with the sum, alone on a line: `N passed, N failed, N skipped`.
// usage: node scripts/test.ts unit|e2e|paperclip [vitest arguments]
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [suite = 'unit', ...rest] = process.argv.slice(2)
const root = fileURLToPath(new URL('..', import.meta.url))
const results = join(root, '.test-results', `${suite}.json`)
mkdirSync(join(root, '.test-results'), { recursive: true })
rmSync(results, { force: true })

// What is generated must be fresh: vitest reads the copies.
await import('./generate.ts')

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
const run = spawnSync(
  process.execPath,
  [vitest, 'run', '--project', suite, '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, ...rest],
  { cwd: root, stdio: 'inherit' },
)

interface Counts {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  numFailedTestSuites: number
  success: boolean
}
const counts = JSON.parse(readFileSync(results, 'utf8')) as Counts
// A file that fails to load has no tests of its own to count; it must not vanish from the sum.
const failed = Math.max(counts.numFailedTests, counts.success ? 0 : 1)
console.log(
  `${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests + counts.numTodoTests} skipped`,
)
process.exitCode = run.status ?? 1
