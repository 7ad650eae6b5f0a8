/** Whether a path is a folder or lies below it. Both are absolute, and links are not followed. */
export function liesIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder.replace(/\/+$/, '')}/`)
}
