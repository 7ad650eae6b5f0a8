/** Whether a path is a folder or lies below it. Both are absolute, and no link of them is followed. */
export function liesIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder.replace(/\/+$/, '')}/`)
}
