import { open, type FileHandle } from 'node:fs/promises'
import { createFrameDecoder } from './frame-decoder.ts'
import type { JournalSource } from './journal-source.ts'

// One mark per 64 KiB of journal, so that filling a gap near the end of a long journal does not read all of it.
const markEveryBytes = 65_536
const maxMarks = 4_096

async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/**
 * The launcher's journal as a file that this process can read, on a shared volume for instance. A journal that does
 * not exist yet is an empty one. Where others could put a link or a pipe in its place, give a function that opens it with
 * the care that takes; null from it means that there is none yet.
 *
 * @example
 * followLogs(source, { framing: 'launcher', journal: fileJournal('/paperclip/runs/42/journal'), … })
 */
export function fileJournal(journal: string | (() => Promise<FileHandle | null>)): JournalSource {
  const marks: { seq: number; offset: number }[] = []

  const startFor = (seq: number): number => {
    let offset = 0
    for (const mark of marks) {
      if (mark.seq > seq) break
      offset = mark.offset
    }
    return offset
  }

  return {
    async *read({ fromSeq, toSeq = Number.POSITIVE_INFINITY, signal }) {
      signal.throwIfAborted()
      const file = await (typeof journal === 'string' ? openOrNull(journal) : journal())
      if (file === null) return
      try {
        const start = startFor(fromSeq)
        const decoder = createFrameDecoder()
        let consumed = start
        for await (const chunk of file.createReadStream({ start, signal, autoClose: false })) {
          if (!Buffer.isBuffer(chunk)) continue
          const lineStart = consumed - decoder.rest().length
          let highest = -1
          let first: number | undefined
          for (const entry of decoder.push(chunk)) {
            if (entry.kind !== 'frame') continue
            first ??= entry.frame.seq
            highest = entry.frame.seq
          }
          consumed += chunk.length
          const lastMark = marks.at(-1)
          const far = lineStart - (lastMark?.offset ?? 0) >= markEveryBytes
          if (first !== undefined && far && first > (lastMark?.seq ?? -1) && marks.length < maxMarks) {
            marks.push({ seq: first, offset: lineStart })
          }
          yield chunk
          if (highest >= toSeq) return
        }
      } finally {
        await file.close()
      }
    },
  }
}
