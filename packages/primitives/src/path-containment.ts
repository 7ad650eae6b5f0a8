/**
 * The part of `path` below `folder`: `''` for the folder itself, null when it lies elsewhere. Both are POSIX paths and
 * compared as text after `.`, `..` and repeated or trailing slashes are resolved; no link is followed, so resolve links
 * first where others can make them. An absolute path never lies in a relative folder, nor the other way round, and a path
 * that leads above a relative folder lies nowhere.
 *
 * @example
 * ```ts
 * relativeWithin('/data/', '/data/a//b/../c') // 'a/c'
 * relativeWithin('/data', '/database') // null
 * ```
 */
export function relativeWithin(folder: string, path: string): string | null {
  const outer = parse(folder)
  const inner = parse(path)
  if (outer === null || inner === null || outer.absolute !== inner.absolute) return null
  if (outer.parts.some((part, index) => inner.parts[index] !== part)) return null
  return inner.parts.slice(outer.parts.length).join('/')
}

/** Whether `path` is `folder` or lies below it; see {@link relativeWithin} for what is compared. */
export function isWithin(folder: string, path: string): boolean {
  return relativeWithin(folder, path) !== null
}

interface ParsedPath {
  readonly absolute: boolean
  readonly parts: readonly string[]
}

function parse(path: string): ParsedPath | null {
  // The kernel ends a path at a NUL, so the text would not be the file that is opened.
  if (path.includes('\0')) return null
  const absolute = path.startsWith('/')
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.length > 0) parts.pop()
    // Above the root there is only the root.
    else if (!absolute) return null
  }
  return { absolute, parts }
}
