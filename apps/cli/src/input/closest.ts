/** The candidate that a mistyped word most likely means; undefined when none is close. */
export function closest(word: string, words: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3))
  const near = words.map((each) => ({ each, steps: distance(word, each, limit) })).filter(({ steps }) => steps <= limit)
  return near.toSorted((a, b) => a.steps - b.steps)[0]?.each
}

/** Insertions, deletions and replacements between two words; more than `limit` counts as `limit + 1`. */
function distance(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return limit + 1
  let row = Array.from({ length: to.length + 1 }, (_, at) => at)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same))
    }
    row = next
  }
  return row[to.length] ?? limit + 1
}
