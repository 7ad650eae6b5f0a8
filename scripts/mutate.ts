// Mutation testing: changes the sources of a package in small ways and reports which changes its unit tests do not notice.
// usage: pnpm mutate [PACKAGE...] [--files GLOB] [--static] [--write]
//   without PACKAGE, every package that scripts/mutation-targets.ts lists; --static also changes what is read once,
//   when a module is loaded; --write puts the scores into docs/mutation-testing.md
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { mutationTargets, type MutationTarget } from './mutation-targets.ts'
import { readMutationReport, scoreRow, survivorLine, writeScores, type MutationReport } from './mutation-report.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: 'string' },
    write: { type: 'boolean', default: false },
    static: { type: 'boolean', default: false },
  },
})

function run(command: string, args: string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`)
}

/** Copies tracked and new files, so that an interrupted run leaves no mutant in the sources. */
function copyRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), 'agent-jobs-mutate-'))
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 64 * 1_048_576,
  })
  const files = listed.stdout.toString('utf8').split('\0')
  for (const file of files) {
    if (file === '') continue
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(root, file), join(copy, file), { force: true })
  }
  run('pnpm', ['install', '--prefer-offline', '--silent'], copy)
  return copy
}

/** Runs Stryker over one package in a copy of the repository. */
function mutate(
  copy: string,
  name: string,
  { files, tests = ['{src,test}/**/*.test.ts'] }: MutationTarget,
): MutationReport {
  const folder = name === 'cli' ? 'apps/cli' : `packages/${name}`
  writeFileSync(
    join(copy, 'vitest.mutate.config.ts'),
    `import { defineConfig } from 'vitest/config'
const conditions = ['@agent-jobs/source', 'module', 'node', 'import', 'default']
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ${JSON.stringify(tests.map((test) => `${folder}/${test}`))},
    exclude: ['**/node_modules/**', '**/*.e2e.test.ts', '**/*.paperclip.test.ts', '**/readme.test.ts'],
    testTimeout: 30_000,
  },
})
`,
  )
  const report = join(copy, 'mutation.json')
  const settings = {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'vitest.mutate.config.ts', related: true },
    mutate: [...files.map((file) => `${folder}/${file}`), `!${folder}/**/*.test.ts`],
    inPlace: true,
    allowEmpty: false,
    coverageAnalysis: 'perTest',
    // A table at the top of a module is read once: each change of it takes a new process, which is slow.
    ignoreStatic: !values.static,
    concurrency: Math.max(1, Math.min(4, availableParallelism())),
    timeoutMS: 5_000,
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: report },
  }
  writeFileSync(join(copy, 'stryker.conf.json'), JSON.stringify(settings))
  run(
    process.execPath,
    [join(copy, 'node_modules/@stryker-mutator/core/bin/stryker.js'), 'run', 'stryker.conf.json'],
    copy,
  )
  return readMutationReport(readFileSync(report, 'utf8'), name, files)
}

const names = positionals.length > 0 ? positionals : Object.keys(mutationTargets)
const copy = copyRepository()
const reports: MutationReport[] = []
try {
  for (const name of names) {
    const target = mutationTargets[name] ?? { files: ['src/**/*.ts'] }
    const report = mutate(copy, name, values.files === undefined ? target : { files: [values.files] })
    reports.push(report)
    for (const survivor of report.survivors) console.log(survivorLine(survivor))
    console.log(scoreRow(report))
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
if (values.write) {
  const doc = join(root, 'docs/mutation-testing.md')
  writeFileSync(doc, writeScores(readFileSync(doc, 'utf8'), reports))
}
