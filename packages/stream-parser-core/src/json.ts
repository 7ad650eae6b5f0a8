/** Any JSON object; its members are unknown until read through the functions below. */
export type JsonObject = Readonly<Record<string, unknown>>

/** True for a JSON object; false for arrays, null and everything else. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The parsed value, or `undefined` for text that is not JSON (or nests deeper than the engine can follow). */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

/**
 * A member of parsed JSON by a name that no prototype has. `JSON.parse` makes `__proto__` an own member like any
 * other, so an object of it never has another prototype; names that come from the stream itself are only ever read
 * with `Object.entries` and kept in a `Map`.
 */
export function memberOf(parent: JsonObject | null | undefined, key: string): unknown {
  return parent ? parent[key] : undefined
}

/** A member that is a string, else null. */
export function textOf(object: JsonObject | null | undefined, key: string): string | null {
  const value = memberOf(object, key)
  return typeof value === 'string' ? value : null
}

/** A member that is a finite number, else null. */
export function numberOf(object: JsonObject | null | undefined, key: string): number | null {
  const value = memberOf(object, key)
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** A member that counts something: a finite number, never below zero; 0 where it is missing. */
export function countOf(object: JsonObject | null | undefined, key: string): number {
  return Math.max(0, numberOf(object, key) ?? 0)
}

/** A member that is an object, else null. */
export function objectOf(parent: JsonObject | null | undefined, key: string): JsonObject | null {
  const value = memberOf(parent, key)
  return isJsonObject(value) ? value : null
}

/** A member that is an array, else an empty one. */
export function listOf(parent: JsonObject | null | undefined, key: string): readonly unknown[] {
  const value = memberOf(parent, key)
  return Array.isArray(value) ? value : []
}

/**
 * The string, cut to `maxChars`. The cut copy shares no memory with the original: V8 would otherwise keep the
 * whole original alive behind the slice.
 */
export function bounded(value: string, maxChars: number): string {
  if (value.length <= maxChars) return value
  const copy: unknown = JSON.parse(JSON.stringify(value.slice(0, maxChars)))
  return typeof copy === 'string' ? copy : ''
}
