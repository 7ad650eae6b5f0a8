// Fails if a published package contains or installs a package whose licence is not allowed.
// usage: node scripts/check-licences.ts
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { licenceProblems } from './release/licences.ts'
import { billedComponents, writeBills } from './release/sbom.ts'

const folder = mkdtempSync(join(tmpdir(), 'agent-jobs-licences-'))
try {
  writeBills(folder)
  const components = billedComponents(folder)
  const problems = licenceProblems(components)
  for (const problem of problems) console.error(`✘ ${problem}`)
  console.log(`${components.length} components, ${problems.length} with a licence that is not allowed`)
  process.exitCode = problems.length === 0 && components.length > 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true })
}
