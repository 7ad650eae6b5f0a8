import { parse as parseYaml } from 'yaml'

/** What a form's text area held: a value, or the reason why it is invalid. */
export type Loose<T> = { ok: true; value: T } | { ok: false; error: string }

/** True for values that a form sends for an empty field. */
export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

/** True for a plain object as JSON and YAML make them. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads JSON or YAML; the text is at most a few lines of configuration. */
export function readStructure(text: string): Loose<unknown> {
  try {
    // Aliases stay disabled: ten lines of YAML could otherwise expand to gigabytes.
    return { ok: true, value: parseYaml(text, { maxAliasCount: 0 }) as unknown }
  } catch (error) {
    return { ok: false, error: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) }
  }
}

function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

function stringEntries(value: Record<string, unknown>): Loose<Record<string, string>> {
  const entries: Record<string, string> = {}
  for (const [key, entry] of Object.entries(value)) {
    if (entry === null) entries[key] = ''
    else if (['string', 'number', 'boolean'].includes(typeof entry)) entries[key] = String(entry)
    else return { ok: false, error: `the value of "${key}" is not a text` }
  }
  return { ok: true, value: entries }
}

/** Reads `key=value` pairs from an object, a JSON or YAML text, or lines (`#` starts a comment line). */
export function readMap(value: unknown): Loose<Record<string, string>> {
  if (isRecord(value)) return stringEntries(value)
  if (typeof value !== 'string') return { ok: false, error: `expected pairs, got ${describe(value)}` }
  const lines = linesOf(value)
  const braced = value.trim().startsWith('{')
  if (!braced && lines.length > 0 && lines.every((line) => /^[^=:\s]+\s*=/.test(line))) {
    return {
      ok: true,
      value: Object.fromEntries(
        lines.map((line) => {
          const at = line.indexOf('=')
          return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
        }),
      ),
    }
  }
  const structure = readStructure(value)
  if (!structure.ok) return { ok: false, error: `neither key=value lines nor JSON nor YAML (${structure.error})` }
  if (isRecord(structure.value)) return stringEntries(structure.value)
  return { ok: false, error: `expected key=value lines, JSON or YAML with pairs, got ${describe(structure.value)}` }
}

/** Reads a list of texts from an array, a JSON or YAML text, lines, or one line with commas. */
export function readList(value: unknown): Loose<string[]> {
  if (Array.isArray(value)) return textItems(value)
  if (typeof value !== 'string') return { ok: false, error: `expected a list, got ${describe(value)}` }
  if (value.trim().startsWith('[')) {
    const structure = readStructure(value)
    if (!structure.ok) return structure
    return Array.isArray(structure.value)
      ? textItems(structure.value)
      : { ok: false, error: `expected a list, got ${describe(structure.value)}` }
  }
  const lines = linesOf(value).map((line) => line.replace(/^-\s+/, ''))
  const [first, ...more] = lines
  const parts = first !== undefined && more.length === 0 ? first.split(',') : lines
  return { ok: true, value: parts.map((part) => part.trim()).filter((part) => part !== '') }
}

function textItems(items: unknown[]): Loose<string[]> {
  const texts: string[] = []
  for (const item of items) {
    if (typeof item !== 'string' && typeof item !== 'number') {
      return { ok: false, error: `the list holds ${describe(item)}, expected texts` }
    }
    texts.push(String(item))
  }
  return { ok: true, value: texts }
}

/** Reads an object given as such, as JSON or as YAML. */
export function readRecord(value: unknown): Loose<Record<string, unknown>> {
  const structure = typeof value === 'string' ? readStructure(value) : { ok: true as const, value }
  if (!structure.ok) return structure
  return isRecord(structure.value)
    ? { ok: true, value: structure.value }
    : { ok: false, error: `expected an object (JSON or YAML), got ${describe(structure.value)}` }
}

/** Reads a list of objects from an array, or a JSON or YAML text. */
export function readObjects(value: unknown): Loose<Record<string, unknown>[]> {
  const structure = typeof value === 'string' ? readStructure(value) : { ok: true as const, value }
  if (!structure.ok) return structure
  if (!Array.isArray(structure.value)) {
    return { ok: false, error: `expected a list of objects (JSON or YAML), got ${describe(structure.value)}` }
  }
  const items: unknown[] = structure.value
  const wrong = items.find((item) => !isRecord(item))
  return wrong === undefined
    ? { ok: true, value: items.filter(isRecord) }
    : { ok: false, error: `the list holds ${describe(wrong)}, expected objects` }
}

/** Names a value's kind for an error message, never its content: it may be a secret. */
export function describe(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
