import { write } from 'node:fs'
import { systemErrorCode } from '@agent-jobs/primitives'

/**
 * Writes all bytes to a descriptor from node's thread pool: a pipe without a reader blocks neither the command nor the
 * launcher's signals and timers.
 */
export function writeAll(fd: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let wait = 1
    const step = (start: number): void => {
      write(fd, bytes, start, bytes.length - start, null, (error, written) => {
        if (error) {
          // Another process made the shared pipe non-blocking. Node cannot report when a bare descriptor becomes writable.
          if (systemErrorCode(error) === 'EAGAIN') {
            wait = Math.min(wait * 2, 50)
            setTimeout(() => step(start), wait)
          } else {
            reject(error)
          }
          return
        }
        wait = 1
        if (start + written === bytes.length) resolve()
        else step(start + written)
      })
    }
    step(0)
  })
}
