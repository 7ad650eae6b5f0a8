/** Values that may stand in a query; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** Writes `?a=b&c=d`, or nothing when there is nothing to write. */
export function queryString(query: Query): string {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, String(value))
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}
