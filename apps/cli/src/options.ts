import { InvalidArgumentError } from 'commander'

/** Reads `K=V` into the collected variables; the value may hold `=` and may be empty. */
export function collectEnv(value: string, earlier: Record<string, string> = {}): Record<string, string> {
  const at = value.indexOf('=')
  const name = at === -1 ? value : value.slice(0, at)
  if (at === -1 || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    // The value may be a secret: an error names the variable and nothing more.
    throw new InvalidArgumentError(`Expected NAME=VALUE, got \`${name.slice(0, 40)}${at === -1 ? '' : '=…'}\`.`)
  }
  return { ...earlier, [name]: value.slice(at + 1) }
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

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** Reads a span such as `90`, `90s`, `15m`, `2h`; a plain number is in seconds. Gives milliseconds. */
export function readSpan(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(value)
  const ms = match ? Number(match[1]) * (units[match[2] ?? 's'] ?? 1000) : Number.NaN
  if (!Number.isFinite(ms) || ms <= 0)
    throw new InvalidArgumentError(`Expected a span such as 90s, 15m or 2h, got \`${value}\`.`)
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
