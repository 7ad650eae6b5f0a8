import type { Figure } from '../figure.ts'
import type { Result } from '../measurements.ts'
import { boundOf } from './table.ts'

/** Where and when measurements were taken. */
export interface Environment {
  date: string
  commit: string
  machine: string
  /** Names and versions of what was measured. */
  versions: readonly (readonly [name: string, version: string])[]
}

/** A figure of the results page. */
export interface PublishedFigure {
  value: number
  unit: string
}

const head = ['figure', 'value', 'unit', 'target', '']

/**
 * The page of all results, for people and for {@link publishedFigures}. `plots` are file names by series name, `former` is the
 * page before: what was not measured again stays on it.
 */
export function resultsPage(
  results: readonly Result[],
  environment: Environment,
  { plots, former = '' }: { plots: ReadonlyMap<string, string>; former?: string },
): string {
  const sections = sectionsOf(former)
  for (const result of results) sections.set(result.name, section(result, environment, plots))
  const { date, commit, machine, versions } = environment
  return `# Benchmark results

Written by \`pnpm bench --all\`; do not edit. Last run ${date} at ${commit}, on ${machine}. Ratios are measured side by side in
one run and mean the same on any machine; times and rates depend on the machine and on its load.

${markdownTable(['software', 'version'], versions)}

${[...sections]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([, text]) => text)
  .join('\n\n')}
`
}

/** The sections of a page by measurement. */
function sectionsOf(page: string): Map<string, string> {
  const parts = page.split(/^(?=## )/m).slice(1)
  return new Map(parts.map((part) => [part.slice(3, part.indexOf('\n')).trim(), part.trimEnd()]))
}

function section(result: Result, { date, commit }: Environment, plots: ReadonlyMap<string, string>): string {
  const { name } = result
  const title = `## ${name}`
  if (result.kind === 'failed') return `${title}\n\nNot measured: ${inOneLine(result.why)}`
  const how = `\`pnpm bench ${name}\` at ${commit}, ${date}: ${result.seconds.toFixed(0)} s, load ${result.load.toFixed(1)} at its start.`
  const rows = result.figures.map((each) => [each.name, String(each.value), each.unit, boundOf(each), verdictOn(each)])
  const pictures = result.series.flatMap((series) => {
    const file = plots.get(series.name)
    return file === undefined ? [] : [`![${series.name}](${file})`]
  })
  return [title, how, markdownTable(head, rows), ...pictures].join('\n\n')
}

const verdictOn = ({ target, ok }: Figure): string => (target === null ? '' : ok ? 'met' : '**missed**')
const inOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll('<', '&lt;').slice(0, 300)
const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(header), row(header.map(() => '---')), ...rows.map(row)].join('\n')
}

/** The figures of a results page, by `MEASUREMENT: FIGURE`. */
export function publishedFigures(page: string): Map<string, PublishedFigure> {
  const found = new Map<string, PublishedFigure>()
  for (const [measurement, part] of sectionsOf(page)) {
    for (const [, cells = ''] of part.matchAll(/^\| (.*) \|$/gm)) {
      const [name = '', value = '', unit = ''] = cells.split(/(?<!\\)\|/).map((cell) => cell.trim())
      if (value === '' || !Number.isFinite(Number(value))) continue
      found.set(`${measurement}: ${name.replaceAll('\\|', '|')}`, { value: Number(value), unit })
    }
  }
  return found
}
