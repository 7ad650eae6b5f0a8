import { createHash } from 'node:crypto'

/**
 * Makes any text a valid label value: characters outside `[a-zA-Z0-9._-]` are dropped, at most 63 are kept, and both
 * ends are trimmed to a letter or digit. Null when nothing is left, so that the label can be left out.
 *
 * @example
 * toLabelValue('run/42 ') // 'run42'
 */
export function toLabelValue(text: string): string | null {
  const kept = text.replaceAll(/[^a-zA-Z0-9._-]/g, '').slice(0, 63)
  const trimmed = kept.replace(/^[^a-zA-Z0-9]+/, '').replace(/[^a-zA-Z0-9]+$/, '')
  return trimmed === '' ? null : trimmed
}

/** Whether a text is a valid label value as it is (the empty string is). */
export function isLabelValue(text: string): boolean {
  return text.length <= 63 && /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9._-]*[a-zA-Z0-9])?)?$/.test(text)
}

/** Whether a text is a valid key of a label or an annotation: `name` or `dns.prefix/name`. */
export function isLabelKey(key: string): boolean {
  const parts = key.split('/')
  if (parts.length > 2) return false
  const [prefix, name] = parts.length === 2 ? [parts[0], parts[1]] : [undefined, parts[0]]
  if (name === undefined || name === '' || !isLabelValue(name)) return false
  return prefix === undefined || (prefix.length <= 253 && isDnsName(prefix))
}

/** Whether a text is a DNS subdomain: labels of lower-case letters, digits and `-`, joined by dots. */
export function isDnsName(text: string): boolean {
  return text.length <= 253 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(text)
}

/** Whether a text is one DNS label of at most 63 characters. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(text)
}

/** The first `length` hex digits of the SHA-256 of a text. */
export function shortHash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length)
}
