import { mkdirSync, statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemErrorCode } from '@agent-jobs/primitives'

// Node's own `recursive: true` never returns where a file system answers mkdir with ENOENT although the parent is
// there, as /proc does (seen with Node 24.21). These try each directory at most twice.

/** Makes a directory and its missing parents. */
export function makeDirectorySync(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' || dirname(path) === path) {
      if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error
      return
    }
    makeDirectorySync(dirname(path))
    mkdirSync(path)
  }
}

/** Makes a directory and its missing parents, without holding up the launcher on a slow volume. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT' || dirname(path) === path) {
      const isDirectory = await stat(path).then(
        (found) => found.isDirectory(),
        () => false,
      )
      if (!isDirectory) throw error
      return
    }
    await makeDirectory(dirname(path))
    await mkdir(path)
  }
}
