import { plain } from './safe-text.ts'

/** Lines of columns as wide as their widest cell; cells that are empty show a dash. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const safe = [head, ...rows.map((row) => row.map((cell) => plain(cell).replaceAll(/\s+/g, ' ') || '-'))]
  const widths = head.map((_, column) => Math.max(...safe.map((row) => row[column]?.length ?? 0)))
  return safe.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
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
