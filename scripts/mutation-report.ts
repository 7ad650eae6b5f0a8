/** A change that no test noticed. */
export interface Survivor {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly mutator: string
  readonly original: string
  readonly replacement: string
}

/** The result for one package. */
export interface MutationReport {
  readonly name: string
  readonly files: readonly string[]
  readonly killed: number
  readonly survived: number
  readonly survivors: readonly Survivor[]
}

interface Position {
  readonly line: number
  readonly column: number
}

/** What is read of Stryker's report (mutation-testing-report-schema). */
interface StrykerReport {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: string
        readonly mutants: readonly {
          readonly mutatorName: string
          readonly replacement?: string
          readonly status: string
          readonly location: { readonly start: Position; readonly end: Position }
        }[]
      }
    >
  >
}

const killed = new Set(['Killed', 'Timeout', 'RuntimeError'])
// Changes in code that no test runs count as unnoticed, too.
const unnoticed = new Set(['Survived', 'NoCoverage'])

function textBetween(source: string, start: Position, end: Position): string {
  const lines = source.split('\n').slice(start.line - 1, end.line)
  const last = lines.length - 1
  const text = lines.map((line, at) =>
    line.slice(at === 0 ? start.column - 1 : 0, at === last ? end.column - 1 : undefined),
  )
  return text.join(' ').replaceAll(/\s+/g, ' ')
}

/** Reads Stryker's JSON report. */
export function readMutationReport(json: string, name: string, files: readonly string[]): MutationReport {
  const report = JSON.parse(json) as StrykerReport
  const survivors: Survivor[] = []
  let kills = 0
  for (const [file, { source, mutants }] of Object.entries(report.files)) {
    for (const { mutatorName, replacement = '', status, location } of mutants) {
      if (killed.has(status)) kills += 1
      if (!unnoticed.has(status)) continue
      survivors.push({
        file,
        line: location.start.line,
        column: location.start.column,
        mutator: mutatorName,
        original: textBetween(source, location.start, location.end),
        replacement: replacement.replaceAll(/\s+/g, ' '),
      })
    }
  }
  return { name, files, killed: kills, survived: survivors.length, survivors }
}

const short = (text: string): string => (text.length > 80 ? `${text.slice(0, 79)}…` : text)

/** A survivor on one line, as compilers write it. */
export function survivorLine({ file, line, column, mutator, original, replacement }: Survivor): string {
  return `${file}:${line}:${column} survived ${mutator}: ${short(original)} → ${short(replacement)}`
}

/** The share of changes that a test noticed, in percent. */
export function scoreOf({ killed: kills, survived }: Pick<MutationReport, 'killed' | 'survived'>): number {
  const all = kills + survived
  return all === 0 ? 100 : Math.floor((1_000 * kills) / all) / 10
}

/** A row of the table in docs/mutation-testing.md. */
export function scoreRow(report: MutationReport): string {
  const files = report.files.map((file) => `\`${file}\``).join(', ')
  return `| ${report.name} | ${files} | ${report.killed} | ${report.survived} | ${scoreOf(report).toFixed(1)} % |`
}

const [begin, end] = ['<!-- scores -->', '<!-- /scores -->']

/** Puts new rows into the table of scores; rows of other packages stay. */
export function writeScores(document: string, reports: readonly MutationReport[]): string {
  const [before, rest] = document.split(begin)
  const [table = '', after] = rest?.split(end) ?? []
  if (before === undefined || after === undefined) throw new Error(`The document has no ${begin} … ${end}.`)
  const rows = new Map<string, string>()
  for (const line of table.split('\n')) {
    const [, name] = /^\|\s*([\w-]+)\s*\|.*%\s*\|$/.exec(line) ?? []
    if (name !== undefined) rows.set(name, line)
  }
  for (const report of reports) rows.set(report.name, scoreRow(report))
  const head = ['| package | files | killed | survived | score |', '| --- | --- | --- | --- | --- |']
  const sorted = [...rows].sort(([a], [b]) => a.localeCompare(b)).map(([, row]) => row)
  return `${before}${begin}\n\n${[...head, ...sorted].join('\n')}\n\n${end}${after}`
}
