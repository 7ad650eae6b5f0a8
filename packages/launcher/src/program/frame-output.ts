import { encodeFrame, type FrameFlag, type LauncherRecord, type NoticeCode } from '@agent-jobs/frames'
import { errorMessage } from '@agent-jobs/primitives'
import type { JournalSpec } from '../launch-spec.ts'
import { openJournal } from './open-journal.ts'
import type { Journal } from './open-journal.ts'
import { writeAll } from './write-all.ts'
import { createWriteQueue } from './write-queue.ts'

/** The single writer of frames: numbers them and sends them to the container's stdout and to the journal. */
export interface FrameOutput {
  /** Frames so far; also the next number. */
  readonly count: number
  line(stream: 'o' | 'e', payload: Buffer, flag: FrameFlag): void
  record(record: LauncherRecord): void
  notice(code: NoticeCode, message: string): void
  /** From now on frames go to this journal too; it also gets the earlier ones. */
  journal(spec: JournalSpec): void
  /** Resolves when stdout has room for more. */
  ready(): Promise<void>
  /** Resolves when everything was written to stdout. */
  settled(): Promise<void>
  /** Closes the journal and returns what went wrong with it after the end record; undefined if nothing did. */
  close(): Promise<{ text: string; isStuck: boolean } | undefined>
}

/** Frames that may wait for a slow reader of the container's stdout. */
const maxPendingBytes = 256 * 1024

/** Opens the container's stdout for frames. */
export function openFrameOutput(fd = 1): FrameOutput {
  let seq = 0
  let isEnded = false
  let lateNotice: string | undefined
  let journal: Journal | undefined
  const stdout = createWriteQueue(
    (bytes) => writeAll(fd, bytes),
    (error) => notice('stdout_lost', `The container's stdout cannot be written any more: ${errorMessage(error)}`),
  )

  function emit(stream: 'o' | 'e' | 'l', payload: Buffer, flag: FrameFlag): void {
    const frame = encodeFrame({ seq, stream, time: Date.now(), payload, flag })
    seq += 1
    // stdout first: the journal may respond with a notice, which is the next frame.
    stdout.push(frame)
    journal?.push(frame, stream === 'l')
  }
  function record(value: LauncherRecord): void {
    emit('l', Buffer.from(JSON.stringify(value)), '.')
    if (value.type === 'end') isEnded = true
  }
  function notice(code: NoticeCode, message: string): void {
    // Nothing may follow the end record.
    if (isEnded) lateNotice = message
    else record({ type: 'notice', code, message: message.slice(0, 2000) })
  }

  return {
    get count() {
      return seq
    },
    line: emit,
    record,
    notice,
    journal(spec) {
      journal = openJournal(spec, notice)
    },
    ready: () => (stdout.pending > maxPendingBytes ? stdout.settled() : Promise.resolve()),
    settled: stdout.settled,
    async close() {
      const stuck = await journal?.close()
      const text = stuck ?? lateNotice
      return text === undefined ? undefined : { text, isStuck: stuck !== undefined }
    },
  }
}
