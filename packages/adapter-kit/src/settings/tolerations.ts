import { describe, isRecord, readStructure, type Loose } from './loose-text.ts'

/** A Kubernetes toleration as the pod spec holds it. */
export interface Toleration {
  key?: string
  operator?: 'Exists' | 'Equal'
  value?: string
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
  tolerationSeconds?: number
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const

function isEffect(value: unknown): value is NonNullable<Toleration['effect']> {
  return effects.some((effect) => effect === value)
}

function tolerationOfLine(line: string): Loose<Toleration> {
  const match = /^([^=:\s]*)(?:=([^:]*))?(?::(\w+))?$/.exec(line)
  const [, key = '', value, effect] = match ?? []
  if (!match || (effect !== undefined && !isEffect(effect))) {
    return { ok: false, error: `"${line}" is not a valid toleration; write key=value:NoSchedule, key:NoExecute or key` }
  }
  return {
    ok: true,
    value: {
      ...(key === '' ? {} : { key }),
      ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value: value.trim() }),
      ...(effect === undefined ? {} : { effect }),
    },
  }
}

function tolerationOfEntry(entry: unknown): Loose<Toleration> {
  if (typeof entry === 'string') return tolerationOfLine(entry.trim())
  if (!isRecord(entry)) return { ok: false, error: `expected tolerations, got ${describe(entry)}` }
  const { key, operator, value, effect, tolerationSeconds } = entry
  if (key !== undefined && typeof key !== 'string') return { ok: false, error: `"key" is ${describe(key)}` }
  if (operator !== undefined && operator !== 'Exists' && operator !== 'Equal') {
    return { ok: false, error: '"operator" is neither Exists nor Equal' }
  }
  if (effect !== undefined && effect !== '' && !isEffect(effect)) {
    return { ok: false, error: `"effect" is none of ${effects.join(', ')}` }
  }
  if (tolerationSeconds !== undefined && typeof tolerationSeconds !== 'number') {
    return { ok: false, error: `"tolerationSeconds" is ${describe(tolerationSeconds)}` }
  }
  return {
    ok: true,
    value: {
      ...(key === undefined ? {} : { key }),
      ...(operator === undefined ? {} : { operator }),
      // YAML does not read an unquoted `true` or `1` as the text that Kubernetes expects.
      ...(value === undefined || value === null ? {} : { value: String(value) }),
      ...(isEffect(effect) ? { effect } : {}),
      ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
    },
  }
}

/** Reads tolerations from a list, JSON, YAML, or lines such as `dedicated=agents:NoSchedule`. */
export function readTolerations(value: unknown): Loose<Toleration[]> {
  let entries: unknown = value
  if (typeof value === 'string') {
    const lines = value
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'))
    const structured = /^[[{-]/.test(value.trim()) || lines.some((line) => /:\s/.test(line) || line.endsWith(':'))
    if (structured) {
      const structure = readStructure(value)
      if (!structure.ok) return { ok: false, error: `neither lines nor JSON nor YAML (${structure.error})` }
      entries = structure.value
    } else entries = lines
  }
  if (isRecord(entries)) entries = [entries]
  if (!Array.isArray(entries)) return { ok: false, error: `expected a list of tolerations, got ${describe(entries)}` }
  const tolerations: Toleration[] = []
  for (const entry of entries as unknown[]) {
    const read = tolerationOfEntry(entry)
    if (!read.ok) return read
    tolerations.push(read.value)
  }
  return { ok: true, value: tolerations }
}
