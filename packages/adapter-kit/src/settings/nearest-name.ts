/** Edits (insert, delete, replace, swap neighbours) that turn one name into the other; case and separators are ignored. */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, row) =>
    Array.from({ length: b.length + 1 }, (__, column) => (row === 0 ? column : row)),
  )
  const cell = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let row = 1; row <= a.length; row += 1) {
    for (let column = 1; column <= b.length; column += 1) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1
      let best = Math.min(cell(row - 1, column) + 1, cell(row, column - 1) + 1, cell(row - 1, column - 1) + cost)
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) best = Math.min(best, cell(row - 2, column - 2) + 1)
      const target = rows[row]
      if (target) target[column] = best
    }
  }
  return cell(a.length, b.length)
}

const bare = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
const longestName = 64

/** The known name that a misspelt one most likely means; null when none is close. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const wanted = bare(name.slice(0, longestName))
  let nearest: string | null = null
  let best = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of known) {
    const other = bare(candidate)
    // A prefix such as `memoryLimit` of `memoryLimitBytes` is close, too.
    const edits =
      Math.min(wanted.length, other.length) > 3 && (wanted.endsWith(other) || other.endsWith(wanted))
        ? 1
        : distance(wanted, other)
    if (edits >= best) continue
    best = edits
    nearest = candidate
  }
  return nearest
}
