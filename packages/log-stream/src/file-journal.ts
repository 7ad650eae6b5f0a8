import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { systemErrorCode } from '@agent-jobs/primitives'
import { createFrameDecoder, type FrameEntry } from './frame-decoder.ts'
import { JournalMarks } from './journal-marks.ts'
import type { JournalSource } from './journal-source.ts'

/** Limits of a {@link fileJournal}. */
export interface FileJournalOptions {
  /**
   * Limit for the bytes of all reads of this journal together; beyond it reading fails. Filling a gap reads at most
   * what was not read yet. Default 8 GiB.
   */
  maxBytes?: number
}

const chunkBytes = 65_536
const defaultMaxBytes = 8 * 1024 ** 3
/** A journal may contain a torn frame where its writer was killed; more than this without a frame is not a journal. */
const maxStrayBytes = 65_536

/**
 * The launcher's journal as a file that this process can read, for example on a shared volume. A missing file counts as an
 * empty journal. The pod can write to that file, so it is read piece by piece in constant memory, and rejected
 * unless it is a regular file that contains frames: a link, a FIFO, a device, a directory, or a hole made by
 * `truncate` is not. Where others can put a link into the path itself, pass a function that opens the file safely;
 * null from it means that the journal does not exist yet.
 *
 * @example
 * followLogs(source, { framing: 'launcher', journal: fileJournal('/paperclip/runs/42/journal'), … })
 */
export function fileJournal(
  journal: string | (() => Promise<FileHandle | null>),
  { maxBytes = defaultMaxBytes }: FileJournalOptions = {},
): JournalSource {
  const marks = new JournalMarks()
  let left = maxBytes

  /** Yields the chunks from `start` on, with the frames decoded from each. */
  async function* chunksOf(file: FileHandle, start: number, signal: AbortSignal) {
    const decoder = createFrameDecoder()
    let stray = 0
    for (let position = start; ;) {
      signal.throwIfAborted()
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position)
      if (bytesRead === 0) return
      left -= bytesRead
      if (left < 0) throw new Error(`more than ${maxBytes} bytes were read from the journal (maxBytes)`)
      const lineStart = position - decoder.rest().length
      const chunk = buffer.subarray(0, bytesRead)
      const entries = decoder.push(chunk)
      stray = entries.some(isFrame) ? 0 : stray + bytesRead
      if (stray > maxStrayBytes) throw new Error(`the journal holds something else than frames at byte ${position}`)
      position += bytesRead
      yield { chunk, entries, lineStart }
    }
  }

  return {
    async *read({ fromSeq, toSeq = Number.POSITIVE_INFINITY, signal }) {
      signal.throwIfAborted()
      const file = await (typeof journal === 'string' ? openOrNull(journal) : journal())
      if (file === null) return
      try {
        if (!(await file.stat()).isFile()) throw new Error('the journal is not a regular file')
        for await (const { chunk, entries, lineStart } of chunksOf(file, marks.startFor(fromSeq), signal)) {
          const frames = entries.filter(isFrame)
          const first = frames[0]?.frame.seq
          if (first !== undefined) marks.add(first, lineStart)
          yield chunk
          if ((frames.at(-1)?.frame.seq ?? -1) >= toSeq) return
        }
      } finally {
        await file.close()
      }
    },
  }
}

const isFrame = (entry: FrameEntry): entry is Extract<FrameEntry, { kind: 'frame' }> => entry.kind === 'frame'

/** Opens without following a link, and without waiting for the writer of a FIFO. */
async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null
    throw error
  }
}
