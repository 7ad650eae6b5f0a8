import { mkdirSync, statSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemErrorCode } from '@agent-jobs/primitives'

// Node's own `recursive: true` never returns if a file system answers mkdir with ENOENT although the parent
// exists, as /proc does (seen with Node 24.21). These try each directory at most twice.

/** Creates a directory and its missing parents. */
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

/** Creates a directory and its missing parents, without blocking the launcher on a slow volume. */
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
