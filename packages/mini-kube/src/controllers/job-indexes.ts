/** The completion indexes of an Indexed Job: a set of small numbers, written as `0,2-4` in its status and its rules. */
export type JobIndexes = ReadonlySet<number>

/** Parses `0,2-4`; indexes at or beyond `completions` are left out, as after a Job was shrunk. */
export function parseIndexes(text: string | undefined, completions: number): Set<number> {
  const found = new Set<number>()
  if (text === undefined || text === '') return found
  for (const part of text.split(',')) {
    const [first = Number.NaN, last = first] = part.split('-').map(Number)
    for (let index = first; index <= last && index < completions; index++) found.add(index)
  }
  return found
}

/** Writes `0,2-4`: a run of three or more by its ends, of two as two numbers. */
export function formatIndexes(indexes: JobIndexes): string {
  const parts: string[] = []
  const sorted = [...indexes].sort((a, b) => a - b)
  for (let start = 0; start < sorted.length;) {
    let end = start
    while (sorted[end + 1] === Number(sorted[end]) + 1) end += 1
    parts.push(end === start ? `${sorted[start]}` : `${sorted[start]}${end === start + 1 ? ',' : '-'}${sorted[end]}`)
    start = end + 1
  }
  return parts.join(',')
}

const whole = (text: string) => /^[+-]?\d+$/.test(text)

/** The server's error for invalid indexes; otherwise how many there are. */
export function countIndexes(text: string, completions: number): { total: number } | { why: string } {
  let total = 0
  let previous: number | undefined
  const unordered = (before: number, now: number) => ({
    why: `non-increasing order, previous: ${before}, current: ${now}`,
  })
  for (const part of text === '' ? [] : text.split(',')) {
    const limits = part.split('-')
    if (limits.length > 2) {
      return {
        why: `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`,
      }
    }
    for (const limit of limits) {
      if (!whole(limit)) return { why: `cannot convert string to integer for index: ${JSON.stringify(limit)}` }
      if (Number(limit) >= completions) return { why: `too large index: ${JSON.stringify(limit)}` }
    }
    const [first = 0, last = first] = limits.map(Number)
    if (limits.length === 2 && first >= last) return unordered(first, last)
    if (previous !== undefined && previous >= first) return unordered(previous, first)
    total += last - first + 1
    previous = last
  }
  return { total }
}
