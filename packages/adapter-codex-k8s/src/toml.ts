/** A value that a configuration file can hold. */
export type TomlValue = string | number | boolean | readonly TomlValue[] | { readonly [key: string]: TomlValue }

/** Writes a table as TOML. Strings and keys are quoted as in JSON, whose escapes TOML shares. */
export function toToml(table: Readonly<Record<string, TomlValue>>, path: readonly string[] = []): string {
  const entries = Object.entries(table)
  const plain = entries.filter(([, value]) => !isTable(value))
  const tables = entries.filter((entry): entry is [string, Record<string, TomlValue>] => isTable(entry[1]))
  const header = path.length > 0 && plain.length > 0 ? [`[${path.map(quoted).join('.')}]`] : []
  return [
    ...header,
    ...plain.map(([key, value]) => `${quoted(key)} = ${inline(value)}`),
    ...tables.map(([key, value]) => toToml(value, [...path, key])),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function isTable(value: TomlValue): boolean {
  return typeof value === 'object' && !Array.isArray(value)
}

function inline(value: TomlValue): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${quoted(key)} = ${inline(each)}`)
    .join(', ')} }`
}

/** JSON's escapes, and one for the control character that JSON allows unescaped and TOML does not. */
function quoted(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll('\u007f', '\\u007f')
}
