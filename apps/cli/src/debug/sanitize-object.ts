import { isSensitive } from '@agent-jobs/primitives'
import type { Redact } from '../output/redacted-terminal.ts'

const hidden = '***'
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

// Text such as `--api-key abc`, `password: abc` and `Authorization: Bearer abc`, as commands of people contain it.
const assignment =
  /((?:api[-_]?key|access[-_]?key|token|secret|passw(?:or)?d|authorization|cookie)["']?(?:\s*[=:]\s*|\s+)["']?(?:(?:bearer|basic)\s+)?)(?!\*\*\*)[^\s"',;&}\]]{3,}/gi
const bearer = /\b((?:bearer|basic)\s+)[\w+/=.~-]{8,}/gi

/** Hides what a text assigns to a name that looks like a credential's, besides what `redact` knows. */
export function sanitizeText(text: string, redact: Redact): string {
  return redact(text).replaceAll(assignment, `$1${hidden}`).replaceAll(bearer, `$1${hidden}`)
}

/**
 * A Kubernetes object for people outside: no data of Secrets, no values of variables that look like credentials, no copies of
 * the object in its own metadata, and every other text through `redact`. Pure.
 */
export function sanitizeObject(object: unknown, redact: Redact): unknown {
  return clean(object, null, redact)
}

function clean(value: unknown, name: string | null, redact: Redact): unknown {
  if (typeof value === 'string') return name !== null && isSecretMember(name) ? hidden : sanitizeText(value, redact)
  if (Array.isArray(value)) return cleanList(value, redact)
  if (typeof value !== 'object' || value === null) return value
  const members = value as Record<string, unknown>
  if (members['kind'] === 'Secret') return cleanSecret(members, redact)
  if (isVariable(members)) return { ...members, value: cleanVariable(members, redact) }
  return Object.fromEntries(
    Object.entries(members).flatMap(([key, member]) =>
      key === 'managedFields' || key === lastApplied ? [] : [[key, clean(member, key, redact)]],
    ),
  )
}

/** In a list of arguments, the value of a flag is often the next element. */
function cleanList(list: readonly unknown[], redact: Redact): unknown[] {
  return list.map((each, index) => {
    const before = index === 0 ? null : list[index - 1]
    const isFlagValue =
      typeof each === 'string' &&
      typeof before === 'string' &&
      /^--?[\w-]+$/.test(before) &&
      isSensitive(before.replace(/^-+/, '').replaceAll('-', '_'))
    return isFlagValue ? hidden : clean(each, null, redact)
  })
}

function cleanVariable({ name, value }: { name: string; value: string }, redact: Redact): string {
  return isSensitive(name, value) ? hidden : sanitizeText(value, redact)
}

/** The names, sizes and owner of a Secret: never its data. */
function cleanSecret(secret: Record<string, unknown>, redact: Redact): unknown {
  const { data, stringData, metadata, type, immutable } = secret
  const sizes = Object.entries({ ...asRecord(data), ...asRecord(stringData) }).map(([key, value]) => [
    key,
    `${String(value).length} characters`,
  ])
  return {
    kind: 'Secret',
    type,
    immutable,
    metadata: clean(metadata, 'metadata', redact),
    data: Object.fromEntries(sizes),
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function isVariable(members: Record<string, unknown>): members is { name: string; value: string } {
  return typeof members['name'] === 'string' && typeof members['value'] === 'string'
}

// Members that hold names of things, although their own names look like those of credentials.
const harmless =
  /^(?:secretName|secretRef|secretKeyRef|tokenExpirationSeconds|key|keys|imagePullSecrets|automountServiceAccountToken)$/

function isSecretMember(name: string): boolean {
  return !harmless.test(name) && !name.includes('/') && isSensitive(name)
}
