/** A JSON object of unknown shape. */
export type JsonObject = { readonly [key: string]: unknown }

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The objects in an array; empty if there is none. */
export function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** A text; `otherwise` if there is none. */
export function text(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}
