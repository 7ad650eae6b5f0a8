import type { Figure } from '../figure.ts'

/** The bound of a figure as text; empty without one. */
export function boundOf({ target, better }: Figure): string {
  return target === null ? '' : `${better === 'lower' ? '≤' : '≥'} ${target}`
}

/** Figures as a table for a terminal. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((each) => {
    const isMet = each.target === null ? '' : each.ok ? 'ok' : 'MISSED'
    return [each.name, String(each.value), each.unit, boundOf(each), isMet]
  })
  return aligned([['figure', 'value', 'unit', 'target', ''], ...rows])
}

/** Rows with columns of equal width. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
