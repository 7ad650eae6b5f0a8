import { join } from 'node:path'
import { isWithin, relativeWithin } from '@agent-jobs/primitives'

/** A path of the container and the folder that replaces it on this machine. */
export interface PathMapping {
  from: string
  to: string
}

const escape = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
const trim = (path: string) => (path.length > 1 ? path.replace(/\/+$/, '') : path)

/**
 * A local process has no mounts of its own, so a mount path is replaced wherever it occurs as a whole path in the
 * command, the arguments, the working directory or the value of a variable.
 * @example
 * createPathRewriter([{ from: '/data', to: '/var/mini/data' }])('--dir=/data/in') // '--dir=/var/mini/data/in'
 */
export function createPathRewriter(mappings: PathMapping[]): (text: string) => string {
  const targets = new Map<string, string>()
  for (const { from, to } of mappings) {
    const path = trim(from)
    // A mapping of the root or onto itself would change nothing or everything.
    if (path.startsWith('/') && path !== '/' && path !== trim(to)) targets.set(path, trim(to))
  }
  if (targets.size === 0) return (text) => text
  const longestFirst = [...targets.keys()].sort((a, b) => b.length - a.length)
  // Not inside a longer path or word (/x/data, my/data, base64), and not a prefix of another name (/data2).
  const pattern = new RegExp(`(?<![\\w.\\-/+~])(?:${longestFirst.map(escape).join('|')})(?![\\w.\\-])`, 'g')
  return (text) => text.replace(pattern, (match) => targets.get(match) ?? match)
}

/** Where a container's path lies on this machine. */
export function resolveInside(path: string, mappings: PathMapping[]): string | undefined {
  const fitting = mappings
    .filter(({ from }) => isWithin(from, path))
    .sort((a, b) => trim(b.from).length - trim(a.from).length)[0]
  return fitting === undefined ? undefined : join(fitting.to, relativeWithin(fitting.from, path) ?? '')
}
