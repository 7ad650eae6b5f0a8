/** Remembers the last ids that came, up to a number of them. */
export interface RecentSet {
  /** True the first time that an id comes. A line without an id is always new. */
  isNew(id: string | null): boolean
}

const maxIdChars = 200

/** Makes a set that forgets the oldest id when it holds more than `size`. Longer ids than 200 characters are not kept. */
export function createRecentSet(size: number): RecentSet {
  const ids = new Set<string>()
  return {
    isNew(id) {
      if (id === null || id === '' || id.length > maxIdChars) return true
      if (ids.has(id)) return false
      ids.add(id)
      if (ids.size > size) {
        for (const oldest of ids) {
          ids.delete(oldest)
          break
        }
      }
      return true
    },
  }
}
