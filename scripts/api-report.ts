// Writes api.md of each published package: what it exports, as the compiler declares it. A change of the API is then a
// change of a file that reviewers see.
// usage: node scripts/api-report.ts [--check]
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exportedDeclarations, reportOf, type EntryPoint } from './api-declarations.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const isCheck = process.argv.includes('--check')

interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}

/** The entry points of a package that have a source: `.` and its like, each with the file. */
function entriesOf({ exports = {} }: Manifest): [entry: string, source: string][] {
  return Object.entries(exports).flatMap(([entry, target]) => {
    const source = typeof target === 'string' ? undefined : target['@agent-jobs/source']
    return source?.endsWith('.ts') ? [[entry, source]] : []
  })
}

function emitDeclarations(folder: string): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const flags = [
    '--noEmit',
    'false',
    '--declaration',
    '--emitDeclarationOnly',
    '--declarationMap',
    'false',
    '--noCheck',
  ]
  const where = ['--allowImportingTsExtensions', 'false', '--rootDir', root, '--outDir', folder]
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.json', ...flags, ...where], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`tsc ended with ${status}: ${stdout.slice(0, 2_000)}`)
}

const declarations = mkdtempSync(join(tmpdir(), 'agent-jobs-api-'))
const stale: string[] = []
try {
  emitDeclarations(declarations)
  for (const file of globSync('packages/*/package.json', { cwd: root }).sort()) {
    const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest
    const folder = dirname(file)
    const entries = entriesOf(manifest).map(([entry, source]): EntryPoint => {
      const declared = join(declarations, folder, source.replace(/\.ts$/, '.d.ts'))
      return { entry, declarations: exportedDeclarations(declared) }
    })
    if (manifest.private === true || entries.length === 0) continue
    const target = join(root, folder, 'api.md')
    const report = reportOf(manifest.name, entries)
    if (existsSync(target) && readFileSync(target, 'utf8') === report) continue
    stale.push(join(folder, 'api.md'))
    if (!isCheck) writeFileSync(target, report)
  }
} finally {
  rmSync(declarations, { recursive: true, force: true })
}
for (const file of stale)
  console.log(isCheck ? `${file} is out of date. Run \`pnpm api\` and commit it.` : `wrote ${file}`)
if (isCheck && stale.length > 0) process.exitCode = 1
