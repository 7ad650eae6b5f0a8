import { InvalidArgumentError } from 'commander'

// oxlint-disable-next-line no-control-regex -- this pattern matches control characters
const controls = /[\u0000-\u001f\u007f-\u009f]/

/** Reads one line of text that says something. */
export function readText(value: string): string {
  if (value.trim() !== '' && !controls.test(value)) return value
  throw new InvalidArgumentError(
    value.trim() === '' ? 'It is empty.' : `Expected one line of text, got ${JSON.stringify(value.slice(0, 40))}.`,
  )
}

/** Reads a prompt, which may have several lines. */
export function readPrompt(value: string): string {
  if (value.trim() !== '') return value
  throw new InvalidArgumentError('The prompt is empty.')
}

/** Reads the name of an image. */
export function readImage(value: string): string {
  if (/^[\w.][\w./:@-]{0,1023}$/.test(value) && !value.includes('//')) return value
  throw new InvalidArgumentError(`Expected an image such as registry.example/agent:1, got \`${value}\`.`)
}

/** Reads a selector of labels as kubectl takes it; the API server knows its grammar. */
export function readSelector(value: string): string {
  if (/^[\w./!=, ()-]+$/.test(value) && /\w/.test(value)) return value
  throw new InvalidArgumentError(`Expected labels such as team=web,env!=test, got \`${value}\`.`)
}

/** A claim of a volume and where it is mounted. */
export interface ClaimMount {
  readonly claim: string
  readonly path: string
}

/** Reads `NAME:PATH` into the collected mounts. */
export function collectClaim(value: string, earlier: readonly ClaimMount[] = []): ClaimMount[] {
  const [claim = '', path = ''] = [value.slice(0, value.indexOf(':')), value.slice(value.indexOf(':') + 1)]
  if (!value.includes(':') || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(claim) || !path.startsWith('/')) {
    throw new InvalidArgumentError(`Expected NAME:/PATH of a PersistentVolumeClaim, got \`${value}\`.`)
  }
  return [...earlier, { claim, path }]
}

/** Reads the name of a namespace or of another object that Kubernetes wants as a DNS label. */
export function readLabel(value: string): string {
  if (value.length > 63 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(value)) {
    throw new InvalidArgumentError(
      `Expected a Kubernetes name (lower-case letters, digits and dashes, at most 63), got \`${value}\`.`,
    )
  }
  return value
}

/** Reads the name of a Job, which may have dots in it. */
export function readObjectName(value: string): string {
  if (value.length > 253 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(value)) {
    throw new InvalidArgumentError(
      `Expected a Kubernetes name (lower-case letters, digits, dashes and dots, at most 253), got \`${value}\`.`,
    )
  }
  return value
}

/** Reads the name of a Job: alone, or as kubectl and `ps -o name` print it, `job/NAME`. */
export function readJobName(value: string): string {
  return readObjectName(value.replace(/^jobs?(?:\.batch)?\//, ''))
}

/** Reads a path in a container. */
export function readAbsolutePath(value: string): string {
  if (value.startsWith('/') && !controls.test(value)) return value
  throw new InvalidArgumentError(`Expected an absolute path in the container, got \`${value}\`.`)
}

/** Reads the address of a web server. */
export function readUrl(value: string): string {
  const { protocol } = URL.parse(value) ?? {}
  if (protocol === 'http:' || protocol === 'https:') return value
  throw new InvalidArgumentError(`Expected a URL such as http://127.0.0.1:3100, got \`${value}\`.`)
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const longestSpanMs = 366 * 86_400_000

/** Reads a span such as `90`, `90s`, `15m`, `2h`, `1d`; a plain number is in seconds. Gives milliseconds. */
export function readSpan(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(value)
  const ms = match ? Math.round(Number(match[1]) * (units[match[2] ?? 's'] ?? 1000)) : Number.NaN
  if (!(ms > 0 && ms <= longestSpanMs))
    throw new InvalidArgumentError(`Expected a span such as 90s, 15m or 2h, up to a year, got \`${value}\`.`)
  return ms
}

/** Reads a span of at least one second; gives whole seconds, in milliseconds. */
export function readSecondsSpan(value: string): number {
  const ms = readSpan(value)
  if (ms >= 1000) return Math.ceil(ms / 1000) * 1000
  throw new InvalidArgumentError(`Expected a span of at least one second, such as 90s, got \`${value}\`.`)
}

/** Reads a whole number between two bounds. */
export const readInteger =
  (lowest: number, highest: number) =>
  (value: string): number => {
    const number = Number(value)
    if (!/^\d{1,15}$/.test(value) || number < lowest || number > highest) {
      throw new InvalidArgumentError(`Expected a whole number from ${lowest} to ${highest}, got \`${value}\`.`)
    }
    return number
  }

/** Reads `KEY=VALUE` of a node selector into the collected ones. */
export function collectSelector(value: string, earlier: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, key, text] =
    /^((?:[a-z0-9.-]+\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)=((?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?)$/.exec(
      value,
    ) ?? []
  if (key === undefined || text === undefined || text.length > 63) {
    throw new InvalidArgumentError(`Expected KEY=VALUE of a Kubernetes label, got \`${value}\`.`)
  }
  return { ...earlier, [key]: text }
}

/** Reads `KEY=VALUE` of a label of one's own into the collected ones. */
export function collectLabel(value: string, earlier: Readonly<Record<string, string>> = {}): Record<string, string> {
  const key = value.slice(0, value.indexOf('='))
  if (/^(?:agent-jobs\.dev\/.*|app\.kubernetes\.io\/(?:name|managed-by))$/.test(key)) {
    throw new InvalidArgumentError(`The label ${key} is set by agent-jobs itself; choose another key.`)
  }
  return collectSelector(value, earlier)
}

/** A toleration as kubectl writes taints: `KEY[=VALUE][:EFFECT]`. */
export interface TolerationOption {
  readonly key: string
  readonly operator: 'Exists' | 'Equal'
  readonly value?: string
  readonly effect?: string
}

/** Reads `KEY[=VALUE][:EFFECT]` into the collected tolerations. */
export function collectToleration(value: string, earlier: readonly TolerationOption[] = []): TolerationOption[] {
  const [, key, text, effect] =
    /^([A-Za-z0-9][-A-Za-z0-9_./]*)(?:=([-A-Za-z0-9_.]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?$/.exec(value) ??
    []
  if (key === undefined) {
    throw new InvalidArgumentError(`Expected KEY[=VALUE][:NoSchedule|PreferNoSchedule|NoExecute], got \`${value}\`.`)
  }
  const match = text === undefined ? { operator: 'Exists' as const } : { operator: 'Equal' as const, value: text }
  return [...earlier, { key, ...match, ...(effect === undefined ? {} : { effect }) }]
}

/** Reads names of Kubernetes objects into the collected ones. */
export const collectName = (value: string, earlier: readonly string[] = []): string[] => [
  ...earlier,
  readObjectName(value),
]

/** A repository and what of it: a branch, a tag or a commit. */
export interface GitSource {
  readonly url: string
  readonly ref: string | undefined
}

// A scheme and a user name come first: their `@` begins no ref.
const gitSource = /^((?:\w+:\/\/)?(?:[^@/\s:]+(?::[^@/\s]*)?@)?[^@\s]+)(?:@([A-Za-z0-9][-A-Za-z0-9_./]*))?$/

/** Reads `URL[@REF]`. */
export function readGitSource(value: string): GitSource {
  const [, url = '', ref] = gitSource.exec(value) ?? []
  if (/^(?:https?|ssh|git|file):\/\/\S+$/.test(url) || /^[\w.-]+@[\w.-]+:\S+$/.test(url)) return { url, ref }
  throw new InvalidArgumentError(
    `Expected URL[@REF] of a git repository, such as https://github.com/me/repo@main, got \`${value}\`.`,
  )
}

/** A path on this machine and a path in the container. */
export interface CopyPair {
  readonly from: string
  readonly to: string
}

/** Reads `FROM[:TO]` into the collected pairs; without a TO, `fallback` derives it from FROM. */
export const collectCopy =
  (fallback: (from: string) => string) =>
  (value: string, earlier: readonly CopyPair[] = []): CopyPair[] => {
    const at = value.indexOf(':')
    const [from, to] = at === -1 ? [value, ''] : [value.slice(0, at), value.slice(at + 1)]
    const target = at === -1 ? fallback(from) : to
    if (from === '' || target === '' || controls.test(value)) {
      throw new InvalidArgumentError(`Expected FROM[:TO], got \`${value}\`.`)
    }
    return [...earlier, { from, to: target }]
  }
