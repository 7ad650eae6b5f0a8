import { fstatSync, read } from 'node:fs'
import type { OutputFile } from './open-files.ts'

const chunkBytes = 64 * 1024
// inotify (kqueue on macOS) reports growth; the timer is for systems where watches are unavailable or silent.
const timerMs = { watched: 1000, unwatched: 25 }

/** Follows the command's output files. */
export interface FileTail {
  /** Reads what there is. */
  wake(): void
  /** Stops following and reads to the end; call it when all writers are gone. */
  finish(): Promise<void>
  /** Bytes in the files that are not read yet. */
  unread(): number
}

interface Options {
  files: OutputFile[]
  /** The command wrote something (called even while `ready` holds back the reading). */
  touched(): void
  /** Must consume the bytes at once; the buffer is reused. */
  consume(index: number, bytes: Buffer): void
  /** Awaited between two reads: limits what is read but not yet written. */
  ready(): Promise<void>
  /** A file became shorter: some process truncated it, for example by `> /dev/stdout`. */
  truncated(index: number): void
  /** Reading failed; nothing more will arrive. */
  failed(error: unknown): void
}

/** Starts to follow. */
export function tailFiles({ files, touched, consume, ready, truncated, failed }: Options): FileTail {
  const offsets = files.map(() => 0)
  const buffer = Buffer.allocUnsafe(chunkBytes)
  let again = false
  let dead = false
  let running: Promise<void> | undefined

  const readAt = (fd: number, position: number): Promise<number> =>
    new Promise((resolve, reject) => {
      read(fd, buffer, 0, chunkBytes, position, (error, count) => (error ? reject(error) : resolve(count)))
    })

  async function readAll(): Promise<void> {
    while (again) {
      again = false
      for (const [index, { fd }] of files.entries()) {
        const offset = offsets[index] ?? 0
        const count = await readAt(fd, offset)
        if (count > 0) {
          offsets[index] = offset + count
          consume(index, buffer.subarray(0, count))
          again = true
        } else if (fstatSync(fd).size < offset) {
          offsets[index] = 0
          truncated(index)
          again = true
        }
      }
      await ready()
    }
  }

  function wake(): void {
    if (dead) return
    again = true
    running ??= readAll()
      .catch((error: unknown) => {
        dead = true
        failed(error)
      })
      .finally(() => {
        running = undefined
        // A wake-up between the last check of `again` and now must not be lost.
        if (again) wake()
      })
  }

  const rest = (): Promise<void> => (running === undefined ? Promise.resolve() : running.then(rest))

  const watched = files.every((file) => file.watcher !== undefined)
  const changed = (): void => {
    touched()
    wake()
  }
  for (const { watcher } of files) watcher?.on('change', changed).on('error', wake)
  const timer = setInterval(wake, watched ? timerMs.watched : timerMs.unwatched)

  return {
    wake,
    unread: () => files.reduce((sum, { fd }, index) => sum + fstatSync(fd).size - (offsets[index] ?? 0), 0),
    async finish() {
      clearInterval(timer)
      for (const { watcher } of files) watcher?.close()
      wake()
      await rest()
    },
  }
}
