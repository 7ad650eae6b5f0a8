/** Counts names, up to a number of different ones; the rest is counted under `(other)`. */
export interface NameCounter {
  add(name: string): void
  readonly total: number
  toRecord(): Record<string, number>
}

const maxNames = 200
const maxNameChars = 200

/** See {@link NameCounter}. */
export function createNameCounter(): NameCounter {
  const counts = new Map<string, number>()
  let total = 0
  return {
    add(name) {
      total++
      const known = counts.has(name)
      const key = known || (counts.size < maxNames && name.length <= maxNameChars) ? name : '(other)'
      counts.set(key, (counts.get(key) ?? 0) + 1)
    },
    get total() {
      return total
    },
    // Object.fromEntries defines own members, so that a tool called __proto__ is one like any other.
    toRecord: () => Object.fromEntries(counts),
  }
}
