import type { Style } from '../output/style.ts'
import { age, textTable } from '../output/text-table.ts'
import type { PsRow } from './ps-row.ts'
import type { RunState } from './run-view.ts'

/** How the table looks. */
export interface RunsTableOptions {
  readonly wide: boolean
  readonly namespaces: boolean
  readonly headers: boolean
  readonly width: number | undefined
  readonly style: Style
  readonly now: number
}

interface Column {
  readonly head: string
  readonly when: 'always' | 'wide' | 'namespaces'
  cell(row: PsRow, now: number): string
}

const span = (ms: number | null): string => (ms === null ? '' : age(ms))

const columns: readonly Column[] = [
  { head: 'NAMESPACE', when: 'namespaces', cell: ({ namespace }) => namespace },
  { head: 'JOB', when: 'always', cell: ({ job }) => job },
  { head: 'AGENT', when: 'always', cell: ({ agent }) => agent ?? '' },
  { head: 'STATE', when: 'always', cell: ({ state }) => state },
  {
    head: 'REASON',
    when: 'always',
    cell: ({ reason, cancelledBy }) => reason ?? (cancelledBy === null ? '' : `by ${cancelledBy}`),
  },
  { head: 'DURATION', when: 'always', cell: ({ durationMs }) => span(durationMs) },
  {
    head: 'AGE',
    when: 'always',
    cell: ({ createdAt }, now) => (createdAt === null ? '' : age(now - Date.parse(createdAt))),
  },
  { head: 'COST', when: 'wide', cell: ({ costUsd }) => (costUsd === null ? '' : `$${costUsd.toFixed(4)}`) },
  { head: 'SESSION', when: 'wide', cell: ({ session }) => session ?? '' },
  { head: 'POD', when: 'wide', cell: ({ pod }) => pod ?? '' },
  { head: 'NODE', when: 'wide', cell: ({ node }) => node ?? '' },
  { head: 'IMAGE', when: 'wide', cell: ({ image }) => image ?? '' },
  { head: 'KEY', when: 'wide', cell: ({ key }) => key },
]

const paint: Readonly<Record<RunState, 'green' | 'red' | 'yellow' | 'cyan' | 'dim'>> = {
  running: 'cyan',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'yellow',
  terminating: 'yellow',
  pending: 'yellow',
  queued: 'dim',
}

/** The lines of a table of runs, no wider than the terminal. */
export function runsTable(rows: readonly PsRow[], options: RunsTableOptions): string[] {
  const { wide, namespaces, headers, width, style, now } = options
  const shown = columns.filter(({ when }) => when === 'always' || (when === 'wide' ? wide : namespaces))
  const [head = '', ...lines] = textTable(
    shown.map(({ head: title }) => title),
    rows.map((row) => shown.map(({ cell }) => cell(row, now))),
    width,
  )
  // Colour comes after the columns are as wide as they are.
  const painted = lines.map((line, at) => {
    const state = rows[at]?.state
    if (state === undefined) return line
    const from = head.indexOf('STATE')
    return `${line.slice(0, from)}${style[paint[state]](line.slice(from, from + state.length))}${line.slice(from + state.length)}`
  })
  return headers ? [style.bold(head), ...painted] : painted
}
