import { plain } from './safe-text.ts'
import { shorten } from './style.ts'

/** Lines of columns as wide as their widest cell; cells that are empty show a dash. `width` shortens the widest ones. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[], width?: number): string[] {
  const safe = [head, ...rows.map((row) => row.map((cell) => plain(cell).replaceAll(/\s+/g, ' ') || '-'))]
  const wanted = head.map((_, column) => Math.max(...safe.map((row) => row[column]?.length ?? 0)))
  const widths = width === undefined ? wanted : fitted(wanted, head, width)
  return safe.map((row) =>
    row
      .map((cell, column) => shorten(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Shortens the widest column until the line fits; names are cut last, because users type them again. */
function fitted(wanted: readonly number[], head: readonly string[], width: number): number[] {
  const widths = [...wanted]
  const gaps = 2 * (widths.length - 1)
  const shrink = (columns: readonly number[]): boolean => {
    const widest = columns.reduce((a, b) => ((widths[b] ?? 0) > (widths[a] ?? 0) ? b : a), columns[0] ?? 0)
    if ((widths[widest] ?? 0) <= Math.max(8, head[widest]?.length ?? 0)) return false
    widths[widest] = (widths[widest] ?? 0) - 1
    return true
  }
  const others = widths.map((_, at) => at).filter((at) => head[at] !== 'JOB')
  const tooWide = (): boolean => widths.reduce((sum, each) => sum + each, gaps) > width
  while (tooWide() && shrink(others));
  while (tooWide() && shrink([head.indexOf('JOB')]));
  return widths
}

/** An age as kubectl shows it: the largest unit, and a second one while the first is small. */
export function age(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000))
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const
  const at = Math.max(
    0,
    units.findIndex(([, size]) => total >= size),
  )
  const [name, size] = total === 0 ? (['s', 1] as const) : (units[at] ?? units[3])
  const whole = Math.floor(total / size)
  const next = units[at + 1]
  const rest = next && whole < 10 && total > 0 ? Math.floor((total % size) / next[1]) : 0
  return `${whole}${name}${rest > 0 ? `${rest}${next?.[0]}` : ''}`
}
