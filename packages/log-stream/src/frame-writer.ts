import { decodeRecord, type LauncherRecord, type LocatedFrame } from '@agent-jobs/frames'
import type { FrameLedger } from './frame-ledger.ts'
import { type CommandStream, FramedLines, streamNames } from './framed-lines.ts'
import type { DiagnosticCode, GapReason, LauncherCursor, LogLine } from './log-item.ts'
import type { OutputEnd } from './output-end.ts'
import type { ResumeTime } from './resume-time.ts'
import type { Emit, LineLimits } from './tracker.ts'

/** What a writer of frames needs. */
export interface FrameWriterOptions {
  ledger: FrameLedger
  resumeTime: ResumeTime
  end: OutputEnd
  limits: LineLimits
  cursor: LauncherCursor | undefined
  emit: Emit
}

/** Emits the lines and records of new frames, gaps and diagnostics, each with the cursor behind it. */
export class FrameWriter {
  readonly #ledger: FrameLedger
  readonly #resumeTime: ResumeTime
  readonly #end: OutputEnd
  readonly #emit: Emit
  readonly #lines: FramedLines
  /** Lines of frames that arrived late or share their number: they say nothing about the other lines. */
  readonly #asideLines: Readonly<Record<'late' | 'contested', FramedLines>>
  /** An earlier process delivered the frames below this; only lines it left incomplete are collected from them. */
  readonly #handedOver: number
  readonly #resumeOpen: Readonly<Record<CommandStream, number | undefined>>
  #newestMs = 0
  delivered = 0

  constructor({ ledger, resumeTime, end, limits, cursor, emit }: FrameWriterOptions) {
    this.#ledger = ledger
    this.#resumeTime = resumeTime
    this.#end = end
    this.#emit = emit
    this.#handedOver = cursor?.next ?? 0
    this.#resumeOpen = { o: cursor?.open?.stdout, e: cursor?.open?.stderr }
    const lines = (onLine: (line: LogLine) => void): FramedLines =>
      new FramedLines(limits, { cursor: () => this.cursor(), onLine })
    this.#lines = lines((line) => this.#emitLine(line))
    this.#asideLines = {
      late: lines((line) => this.#emitLine({ ...line, late: true })),
      contested: lines((line) => this.#emitLine({ ...line, contested: true })),
    }
  }

  /** The launcher's time of the newest frame, in milliseconds since the epoch. */
  get newestMs(): number {
    return this.#newestMs
  }

  /** Delivers the next frame. */
  deliver(frame: LocatedFrame): void {
    this.#ledger.take(frame)
    this.#newestMs = frame.time
    const { seq, stream } = frame
    if (stream === 'l') {
      if (seq >= this.#handedOver) this.#record(frame)
      else this.recallEnd(frame)
      return
    }
    if (seq < this.#handedOver) {
      // Before a persisted cursor only its incomplete lines are collected again.
      const first = this.#resumeOpen[stream]
      if (first === undefined || seq < first) return
    } else this.#end.continueWith(seq)
    this.#lines.add(stream, frame, this.#resumeTime.since)
  }

  /** Delivers a frame that belongs to a gap. */
  deliverLate(frame: LocatedFrame): void {
    this.#ledger.fill(frame)
    this.#deliverAside(frame, 'late')
  }

  /** Delivers a frame whose number another one has, unless it was delivered before. */
  deliverContested(frame: LocatedFrame): void {
    if (!this.#ledger.contest(frame)) return
    this.#end.contradict(`frame ${frame.seq} came twice, with different contents`)
    this.#deliverAside(frame, 'contested')
  }

  /** Delivers a frame out of sequence: on its own, so that the other lines stay complete. */
  #deliverAside(frame: LocatedFrame, flag: 'late' | 'contested'): void {
    const { seq, stream } = frame
    if (stream === 'l') return this.#record(frame)
    this.#end.continueWith(seq)
    this.#asideLines[flag].add(stream, frame, this.#resumeTime.since)
  }

  #emitLine(line: LogLine): void {
    this.delivered++
    this.#emit(line)
  }

  #record(frame: LocatedFrame): void {
    const { seq, time } = frame
    this.#end.continueWith(seq)
    const record = decodeRecord(frame.bytes.subarray(frame.from, frame.to))
    if (record === null || !isInPlace(record, seq)) {
      this.diagnose('not_a_frame', `Frame ${seq} is a record of the launcher that cannot be read`)
      return
    }
    this.delivered++
    this.#emit({ type: 'record', record, seq, time, cursor: this.cursor() })
    if (record.type === 'end') this.#end.reach(seq)
  }

  /** After a restart: an earlier process may have delivered the end record. */
  recallEnd({ seq, stream, bytes, from, to }: LocatedFrame): void {
    if (stream !== 'l' || seq !== this.#handedOver - 1 || this.#ledger.next > this.#handedOver) return
    if (decodeRecord(bytes.subarray(from, to))?.type === 'end') this.#end.reach(seq)
  }

  /** Gives up the frames before `toSeq`. */
  gap(toSeq: number, reason: GapReason): void {
    const [from, to] = this.#ledger.giveUpTo(toSeq)
    for (const { stream, first, rest } of this.#lines.break()) {
      const what = `A line of ${streamNames[stream]} that began in frame ${first} is broken by the gap; its rest: `
      this.diagnose('broken_line', what + rest.toString('utf8', 0, 4_096))
    }
    this.#emit({ type: 'gap', unit: 'frames', from, to, reason, cursor: this.cursor() })
  }

  diagnose(code: DiagnosticCode, text: string): void {
    this.#emit({ type: 'diagnostic', code, text })
  }

  cursor(): LauncherCursor {
    const { next, holes } = this.#ledger
    const { since } = this.#resumeTime
    const cursor: LauncherCursor =
      since === undefined
        ? { version: 1, framing: 'launcher', next: Math.max(next, this.#handedOver) }
        : { version: 1, framing: 'launcher', next: Math.max(next, this.#handedOver), since }
    // Nearly every cursor is taken between lines: each line carries one, so this is the fast path.
    if (this.#lines.isOpen || next <= this.#handedOver) this.#addOpenLines(cursor)
    if (holes.length > 0) cursor.holes = holes.map(([from, to]) => [from, to])
    const lost = this.#ledger.lost()
    if (lost > 0) cursor.lost = lost
    return cursor
  }

  /** Adds the incomplete lines, and the time from which all of them can be read again. */
  #addOpenLines(cursor: LauncherCursor): void {
    for (const stream of ['o', 'e'] as const) {
      const line = this.#lines.openAt(stream)
      const earlier = this.#resumeOpen[stream]
      const isWaiting = earlier !== undefined && this.#ledger.next <= earlier
      if (line === undefined && !isWaiting) continue
      cursor.open ??= {}
      cursor.open[streamNames[stream]] = line?.first ?? earlier ?? 0
      if (line?.since !== undefined && (cursor.since === undefined || line.since < cursor.since)) {
        cursor.since = line.since
      }
    }
  }
}

/** Whether the launcher would write this record with this number. */
function isInPlace(record: LauncherRecord, seq: number): boolean {
  switch (record.type) {
    case 'start':
      return seq === 0
    case 'end':
      return record.frames === seq
    case 'notice':
      return true
    default:
      return record satisfies never
  }
}
