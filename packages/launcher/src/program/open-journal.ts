import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { NoticeCode } from '@agent-jobs/frames'
import { errorMessage, firstOf, systemClock } from '@agent-jobs/primitives'
import type { JournalSpec } from '../launch-spec.ts'
import { makeDirectory } from './make-directory.ts'
import { createWriteQueue } from './write-queue.ts'

/** A second copy of the frames. */
export interface Journal {
  push(frame: Buffer, isRecord: boolean): void
  /** Writes what is queued, syncs and closes; gives up after 5 seconds. Returns what was not written. */
  close(): Promise<string | undefined>
}

const defaultMaxBytes = 256 * 1024 * 1024
/** The operations used on a file. */
export type JournalFile = Pick<FileHandle, 'write' | 'datasync' | 'close'>

async function openNewFile(path: string): Promise<JournalFile> {
  await makeDirectory(dirname(path))
  // A journal belongs to one run. Two in one file would contain each number twice.
  return open(path, 'ax', 0o600)
}

/** Frames queued for a slow volume; beyond it the journal ends. */
const maxPendingBytes = 8 * 1024 * 1024
const syncEveryMs = 1000
const closeWithinMs = 5000

/**
 * Opens the journal in the background. Neither the command nor the framing ever waits for it: what the
 * volume does not accept in time waits in a bounded queue, and when that is full the journal ends with a notice.
 */
export function openJournal(
  spec: JournalSpec,
  notice: (code: NoticeCode, message: string) => void,
  openFile: (path: string) => Promise<JournalFile> = openNewFile,
): Journal {
  const { path, maxBytes = defaultMaxBytes } = spec
  let accepted = 0
  let isFull = false
  let isStopped = false
  let isClosing = false
  let isDirty = false
  let handle: JournalFile | undefined
  let syncTimer: NodeJS.Timeout | undefined

  const queue = createWriteQueue(
    async (bytes) => {
      handle ??= await openFile(path)
      if (bytes.length > 0) isDirty = true
      for (let start = 0; start < bytes.length;) {
        start += (await handle.write(bytes, start, bytes.length - start)).bytesWritten
      }
      if (bytes.length > 0 && !isClosing) {
        syncTimer ??= setTimeout(() => queue.push(Buffer.alloc(0)), syncEveryMs)
      } else if (isDirty) {
        syncTimer = undefined
        isDirty = false
        await handle.datasync()
      }
    },
    (error) => {
      isStopped = true
      notice('journal_failed', `The journal ${path} cannot be written and ends here: ${errorMessage(error)}`)
    },
  )

  return {
    push(frame, isRecord) {
      if (isStopped || (isFull && !isRecord)) return
      if (queue.pending + frame.length > maxPendingBytes) {
        isStopped = true
        const message = `The volume of the journal ${path} does not keep up: ${queue.pending} bytes wait. It ends here.`
        notice('journal_overflow', message)
        return
      }
      if (!isRecord && accepted + frame.length > maxBytes) {
        isFull = true
        notice('journal_full', `The journal ${path} reached ${maxBytes} bytes (journal.maxBytes): no more lines in it.`)
        return
      }
      accepted += frame.length
      queue.push(frame)
    },
    async close() {
      clearTimeout(syncTimer)
      isClosing = true
      queue.push(Buffer.alloc(0))
      const closed = async (): Promise<undefined> => {
        await queue.settled()
        await handle?.close()
      }
      return firstOf<string | undefined>([
        closed,
        async (signal) => {
          await systemClock.sleep(closeWithinMs, signal)
          return `the journal ${path} did not take its last bytes within ${closeWithinMs} ms`
        },
      ])
    },
  }
}
