import { closeSync, openSync, unlinkSync, watch, writeSync } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { errorMessage } from '@agent-jobs/primitives'
import { StartFailure } from './start-failure.ts'

/** One unlinked file that the command writes and the launcher reads. */
export interface OutputFile {
  fd: number
  /** Signals growth; undefined if the system has no more watches. */
  watcher: FSWatcher | undefined
  watchError: unknown
}

/** Creates the files for the command's input and output; they are unlinked before the command starts. */
export function openFiles(directory = tmpdir()) {
  let count = 0
  // Pods that share the directory have the same process ids.
  const random = Math.random().toString(36).slice(2)
  const make = <T>(use: (path: string) => T): T => {
    count += 1
    const path = join(directory, `.agent-jobs-${random}-${count}`)
    try {
      return use(path)
    } catch (error) {
      throw new StartFailure(
        'output_unwritable',
        `No file can be made in ${directory}: ${errorMessage(error)}. ` +
          'Set `outputDirectory` to a writable directory, for instance an emptyDir volume.',
      )
    }
  }
  return {
    /** A file with these bytes, open for reading. */
    input: (bytes: Uint8Array): number =>
      make((path) => {
        const fd = openSync(path, 'wx+', 0o600)
        // Unlinked before the first byte: a full disk must not leave half a prompt behind.
        unlinkSync(path)
        try {
          for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, at)
        } catch (error) {
          closeSync(fd)
          throw error
        }
        return fd
      }),
    /** An empty file, opened for appending so that writers that reopen it do not overwrite each other. */
    output: (): OutputFile =>
      make((path) => {
        const fd = openSync(path, 'ax+', 0o600)
        let watcher: FSWatcher | undefined
        let watchError: unknown
        try {
          // The watch is on the inode and survives the unlink.
          watcher = watch(path)
        } catch (error) {
          watchError = error
        }
        unlinkSync(path)
        return { fd, watcher, watchError }
      }),
    close: closeSync,
  }
}
