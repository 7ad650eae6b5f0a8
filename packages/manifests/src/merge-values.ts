import type { Data } from './template/evaluate.ts'

/** A map of plain data. */
export type DataMap = { readonly [key: string]: Data }

/** Whether data is a map, not a list or a scalar. */
export function isMap(data: unknown): data is DataMap {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}

/** Merges values over defaults as Helm does: maps member by member, everything else as a whole; null removes a member. */
export function mergeValues(defaults: DataMap, input: DataMap): DataMap {
  const merged = new Map(Object.entries(defaults))
  for (const [key, given] of Object.entries(input)) {
    const usual = merged.get(key)
    if (given === null) merged.delete(key)
    else merged.set(key, isMap(usual) && isMap(given) ? mergeValues(usual, given) : given)
  }
  return Object.fromEntries(merged)
}
