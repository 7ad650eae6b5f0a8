import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measureApart, measurements, type Result } from '../measurements.ts'
import { environmentOf } from './environment.ts'
import { plot } from './plot.ts'
import { quotesIn, requoted } from './quotes.ts'
import { publishedFigures, resultsPage } from './results-page.ts'

const root = join(import.meta.dirname, '../..')
const page = join(root, 'bench/RESULTS.md')
const plots = join(root, 'bench/plots')
/** All measurements together end within this time; what does not fit is named in the page as not measured. */
const totalMs = 11 * 60_000

/** The runner's measurement takes minutes when it runs alone. */
const shorter = { AGENT_JOBS_BENCH_RUNS: '20', AGENT_JOBS_BENCH_SECONDS: '60' }

/** Documents in Git that may quote figures. */
export function documentsIn(folder: string): string[] {
  const listed = execFileSync('git', ['ls-files', '*.md'], { cwd: folder, encoding: 'utf8' })
  return listed.split('\n').filter((file) => file !== '' && file !== 'bench/RESULTS.md')
}

/** Runs the measurements, all unless names are given, and writes page, plots and quotes. Returns an exit code. */
export async function writeAll({ names, quick }: { names: readonly string[]; quick: boolean }): Promise<number> {
  const results: Result[] = []
  const begun = performance.now()
  for (const name of names.length > 0 ? names : measurements()) {
    const leftMs = totalMs - (performance.now() - begun)
    const result: Result =
      leftMs < 5_000
        ? { kind: 'failed', name, seconds: 0, why: `The time for all measurements (${totalMs / 60_000} min) was over.` }
        : await measureApart(name, { root, quick, timeoutMs: Math.min(300_000, leftMs), env: shorter })
    console.log(
      `${name}: ${result.kind === 'measured' ? `${result.seconds.toFixed(0)} s` : `not measured: ${result.why}`}`,
    )
    results.push(result)
  }
  write(results, names.length === 0)
  const measured = results.flatMap((result) => (result.kind === 'measured' ? result.figures : []))
  console.log(
    `${measured.filter(({ ok }) => !ok).length} of ${measured.length} figures miss their target: bench/RESULTS.md`,
  )
  return results.every(({ kind }) => kind === 'measured') ? 0 : 1
}

function write(results: readonly Result[], areAll: boolean): void {
  if (areAll) rmSync(plots, { recursive: true, force: true })
  mkdirSync(plots, { recursive: true })
  const files = new Map<string, string>()
  for (const result of results) {
    if (result.kind !== 'measured') continue
    for (const series of result.series) {
      const file = `${series.name.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}.svg`
      files.set(series.name, `plots/${file}`)
      writeFileSync(join(plots, file), `${plot(series)}\n`)
    }
  }
  const former = areAll || !existsSync(page) ? '' : readFileSync(page, 'utf8')
  writeFileSync(page, resultsPage(results, environmentOf(root), { plots: files, former }))
  const figures = publishedFigures(readFileSync(page, 'utf8'))
  const changed = documentsIn(root).filter((file) => requote(join(root, file), figures))
  execFileSync(join(root, 'node_modules/.bin/oxfmt'), [page, ...changed.map((file) => join(root, file))], { cwd: root })
}

/** Writes current figures into a document; says whether it changed. */
function requote(path: string, figures: ReturnType<typeof publishedFigures>): boolean {
  const document = readFileSync(path, 'utf8')
  if (quotesIn(document).length === 0) return false
  const current = requoted(document, figures)
  if (current === document) return false
  writeFileSync(path, current)
  return true
}
