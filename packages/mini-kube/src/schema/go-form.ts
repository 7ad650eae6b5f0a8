import type { JsonObject } from '../types.ts'
import { goTypes } from './go-types.ts'

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const zero: Readonly<Record<string, unknown>> = { s: '', b: false, n: 0 }

function valueOf(kind: string, value: unknown, parent: JsonObject): unknown {
  if (kind in zero) return value ?? zero[kind]
  if (kind === '*' || kind === 'v') return value ?? null
  if (kind.startsWith('[]')) {
    return Array.isArray(value) ? value.map((one) => goForm(kind.slice(2), isObject(one) ? one : {}, parent)) : null
  }
  if (!kind.startsWith('*')) return goForm(kind, isObject(value) ? value : {}, parent)
  return isObject(value) ? goForm(kind.slice(1), value, parent) : null
}

/** An object as the server's own types hold it, every field in its place and under its own name, which refusals show. */
export function goForm(type: string, value: JsonObject, parent: JsonObject = {}): JsonObject {
  const form: JsonObject = {}
  for (const field of (goTypes[type] ?? '').split(' ')) {
    const [name = '', wire = '', kind = ''] = field.split(':')
    if (name === '') Object.assign(form, goForm(wire, value, parent))
    else if (wire.startsWith('^')) form[name] = valueOf(kind, parent[wire.slice(1)], parent)
    else form[name] = valueOf(kind, value[wire], value)
  }
  return form
}

/** A template of pods in that form; its metadata keeps its names. */
export const templateForm = ({ metadata, spec }: { metadata?: object; spec: object }): JsonObject => {
  const { labels, annotations, ...others } = (metadata ?? {}) as JsonObject
  return {
    ...others,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    Spec: goForm('PodSpec', spec as JsonObject),
  }
}

/** What differs between two objects, line by line with three lines around it, as the server shows it. */
export function goDiff(before: JsonObject, after: JsonObject): string {
  const [old, next] = [before, after].map((one) => JSON.stringify(one, null, 1).split('\n')) as [string[], string[]]
  const script = editScript(old, next)
  const text: string[] = []
  for (let at = 0; at < script.length;) {
    if (script[at]?.sign === ' ') {
      at += 1
      continue
    }
    const start = Math.max(0, at - 3)
    let end = at
    // Changes with six equal lines or fewer between them are shown together.
    for (let look = at; look < script.length && look <= end + 7; look++) if (script[look]?.sign !== ' ') end = look
    const hunk = script.slice(start, end + 4)
    const [first] = hunk
    const size = (without: string) => hunk.filter(({ sign }) => sign !== without).length
    text.push(`@@ -${Number(first?.old) + 1},${size('+')} +${Number(first?.next) + 1},${size('-')} @@`)
    text.push(...hunk.map(({ sign, line }) => `${sign}${line}`))
    at = end + 4
  }
  return `${text.join('\n')}\n`
}

interface Edit {
  sign: ' ' | '-' | '+'
  line: string
  /** How many lines of each text come before it. */
  old: number
  next: number
}

/** The shortest way from one list of lines to another; the equal lines at both ends are taken off first. */
function editScript(old: string[], next: string[]): Edit[] {
  let head = 0
  while (head < old.length && head < next.length && old[head] === next[head]) head += 1
  let tail = 0
  while (
    tail < old.length - head &&
    tail < next.length - head &&
    old[old.length - 1 - tail] === next[next.length - 1 - tail]
  )
    tail += 1
  const [a, b] = [old.slice(head, old.length - tail), next.slice(head, next.length - tail)]
  // common[i][j]: the longest common subsequence of what follows i in a and j in b.
  const common = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0))
  for (let i = a.length - 1; i >= 0; i--) {
    const row = common[i] ?? []
    for (let j = b.length - 1; j >= 0; j--) {
      const below = common[i + 1] ?? []
      row[j] = a[i] === b[j] ? Number(below[j + 1]) + 1 : Math.max(Number(below[j]), Number(row[j + 1]))
    }
  }
  const edits: Edit[] = []
  const [at, to] = [{ value: 0 }, { value: 0 }]
  const push = (sign: Edit['sign'], line: string | undefined) => {
    edits.push({ sign, line: line ?? '', old: at.value, next: to.value })
    if (sign !== '+') at.value += 1
    if (sign !== '-') to.value += 1
  }
  for (const line of old.slice(0, head)) push(' ', line)
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      push(' ', a[i++])
      j += 1
    } else if (i < a.length && Number(common[i + 1]?.[j] ?? -1) >= Number(common[i]?.[j + 1] ?? -1)) push('-', a[i++])
    else push('+', b[j++])
  }
  for (const line of old.slice(old.length - tail)) push(' ', line)
  return edits
}
