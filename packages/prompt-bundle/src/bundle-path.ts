import { BundleError } from './bundle-error.ts'

/** Checks a path inside a bundle: relative, without `..`, `.`, empty parts, backslashes and control characters. */
export function assertBundlePath(path: string): void {
  const refuse = (why: string) => {
    throw new BundleError(
      'invalid_path',
      path,
      `The path ${JSON.stringify(path)} ${why}. Use a plain relative path such as skills/review/SKILL.md.`,
    )
  }
  if (typeof path !== 'string' || path === '') refuse('is empty')
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) refuse('is absolute')
  if (path.includes('\\')) refuse('contains a backslash')
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(path)) refuse('contains a control character')
  for (const part of path.split('/')) {
    if (part === '' || part === '.' || part === '..') refuse(`contains the part ${JSON.stringify(part)}`)
    if (Buffer.byteLength(part) > 255) refuse('contains a name of more than 255 bytes')
  }
  if (Buffer.byteLength(path) > 1_024) refuse('is longer than 1,024 bytes')
}

/** Checks that no path occurs twice or lies below another file. */
export function assertNoConflicts(sortedPaths: readonly string[]): void {
  const files = new Set<string>()
  for (const path of sortedPaths) {
    if (files.has(path)) {
      throw new BundleError(
        'path_conflict',
        path,
        `Two entries of the bundle want the path ${path}. Give one another name.`,
      )
    }
    files.add(path)
  }
  for (const path of files) {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const parent = path.slice(0, slash)
      if (files.has(parent)) {
        throw new BundleError(
          'path_conflict',
          path,
          `The entry ${path} lies below ${parent}, which is a file. Give one another name.`,
        )
      }
    }
  }
}
