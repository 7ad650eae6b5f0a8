import { InvalidArgumentError } from 'commander'

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

/** Reads the name of a Job as people have it: alone, or as kubectl and `ps -o name` print it, `job/NAME`. */
export function readJobName(value: string): string {
  return readObjectName(value.replace(/^jobs?(?:\.batch)?\//, ''))
}

/** Reads an amount of processor or memory. */
export function readQuantity(value: string): string {
  if (/^(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[mkMGTPE]|[eE][+-]?\d+)?$/.test(value)) return value
  throw new InvalidArgumentError(`Expected a Kubernetes quantity such as 500m (CPU) or 2Gi (memory), got \`${value}\`.`)
}

/** Reads a path in a container. */
export function readAbsolutePath(value: string): string {
  if (value.startsWith('/')) return value
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
  const ms = match ? Number(match[1]) * (units[match[2] ?? 's'] ?? 1000) : Number.NaN
  if (!(ms > 0 && ms <= longestSpanMs))
    throw new InvalidArgumentError(`Expected a span such as 90s, 15m or 2h, up to a year, got \`${value}\`.`)
  return ms
}

/** Reads a whole number between two bounds. */
export const readInteger =
  (lowest: number, highest: number) =>
  (value: string): number => {
    const number = Number(value)
    if (!/^\d+$/.test(value) || number < lowest || number > highest) {
      throw new InvalidArgumentError(`Expected a whole number from ${lowest} to ${highest}, got \`${value}\`.`)
    }
    return number
  }
