import { decodeRecord, type LauncherRecord, type LocatedFrame } from '@agent-jobs/frames'
import { errorMessage } from '@agent-jobs/primitives'
import { FrameLedger } from './frame-ledger.ts'
import { FrameScanner, isFrame } from './frame-scanner.ts'
import { type CommandStream, FramedLines, streamNames } from './framed-lines.ts'
import type { JournalSource } from './journal-source.ts'
import type { DiagnosticCode, Ending, GapReason, LauncherCursor, LogLine, Verdict } from './log-item.ts'
import { RepeatedTexts } from './repeated-texts.ts'
import { serverWords } from './server-words.ts'
import { parseStamp, secondLength, sinceTime } from './timestamp.ts'
import type { Emit, LineLimits, Newest, RequestPlan, Step, Tracker } from './tracker.ts'

/** Where in the frames a tracker continues, and its limits. */
export interface LauncherTrackerOptions extends LineLimits {
  cursor?: LauncherCursor
  journal?: JournalSource
  overlapSeconds: number
  /** How to treat an end record: `trust` that nothing follows, or read on until the container's end `confirm`s it. */
  endRecord: 'trust' | 'confirm'
  emit: Emit
  /** Waits until delivered items have room: a journal may be larger than what can wait for a slow consumer. */
  room: () => Promise<void>
  /** Ends reading the journal. */
  signal: AbortSignal
}

/** Framed output: numbers decide what is new, what is repeated and what is missing. */
export class LauncherTracker implements Tracker {
  readonly #o: LauncherTrackerOptions
  readonly #ledger: FrameLedger
  readonly #lines: FramedLines
  /** Lines of frames that arrived late or share their number: they say nothing about the other lines. */
  readonly #asideLines: Readonly<Record<'late' | 'contested', FramedLines>>
  readonly #texts = new RepeatedTexts()
  /** An earlier process delivered the frames below this; only lines it left incomplete are collected from them. */
  readonly #handedOver: number
  readonly #resumeOpen: Readonly<Record<CommandStream, number | undefined>>
  #scanner = new FrameScanner()
  #since: string | undefined
  #stamp: Buffer | undefined
  #isFull = true
  /** This connection has brought something new, so older frames on it are not the overlap of a resumed request. */
  #isCaughtUp = false
  #acceptsLoss = false
  #newestMs = 0
  /** Number of the end record that nothing has followed yet. */
  #endedAt: number | undefined
  /** Whether something showed that more than one program writes frames. */
  #isContested = false
  readonly undecided = false
  delivered = 0

  constructor(options: LauncherTrackerOptions) {
    this.#o = options
    const { next = 0, open, since, holes, lost } = options.cursor ?? {}
    this.#handedOver = next
    this.#resumeOpen = { o: open?.stdout, e: open?.stderr }
    this.#ledger = new FrameLedger({ next: Math.min(next, open?.stdout ?? next, open?.stderr ?? next), holes, lost })
    this.#since = since
    const cursor = (): LauncherCursor => this.cursor()
    this.#lines = new FramedLines(options, { cursor, onLine: (line) => this.#emitLine(line) })
    this.#asideLines = {
      late: new FramedLines(options, { cursor, onLine: (line) => this.#emitLine({ ...line, late: true }) }),
      contested: new FramedLines(options, { cursor, onLine: (line) => this.#emitLine({ ...line, contested: true }) }),
    }
  }

  begin(plan: RequestPlan): { sinceTime?: string } {
    this.#scanner = new FrameScanner()
    const since = plan.full ? undefined : this.#since
    this.#isFull = since === undefined
    this.#isCaughtUp = false
    return since === undefined ? {} : { sinceTime: since }
  }

  push(chunk: Uint8Array): Step | Promise<Step> {
    this.#scanner.push(chunk)
    this.#noteTime()
    return this.#readOn()
  }

  /** Takes the lines of the current chunk up to its end, a gap or the end of following. */
  #readOn(): Step | Promise<Step> {
    for (let line = this.#scanner.next(); line !== undefined; line = this.#scanner.next()) {
      if (!isFrame(line)) {
        if (!this.#texts.has(line.text, line.stamp)) this.#diagnose('not_a_frame', line.text)
      } else if (!this.#take(line)) return this.#overGap(line)
      if (this.#isFinished) return 'finished'
    }
    return 'more'
  }

  /** Takes a frame of the log; false when numbers before it are missing. */
  #take(frame: LocatedFrame): boolean {
    const standing = this.#ledger.standing(frame)
    switch (standing) {
      case 'next':
        this.#isCaughtUp = true
        this.#deliver(frame)
        return true
      case 'ahead':
        return false
      case 'late':
        this.#ledger.fill(frame)
        this.#deliverAside(frame, 'late')
        return true
      case 'contested':
        this.#contest(frame)
        return true
      case 'unknown':
        if (this.#isCaughtUp) this.#contradict(`frame ${frame.seq} came again after newer ones`)
        this.#recallEnd(frame)
        return true
      case 'repeated':
        return true
      default:
        return standing satisfies never
    }
  }

  async #overGap(frame: LocatedFrame): Promise<Step> {
    // A gap is filled from the journal first, then from the start of the file: after a clock that went back the
    // server leaves lines out, because `sinceTime` filters line by line. Only then is it a loss.
    await this.#fill(frame.seq, this.#isFull || this.#acceptsLoss)
    if (this.#isFinished) return 'finished'
    if (this.#ledger.next < frame.seq) return 'reread'
    this.#take(frame)
    return this.#isFinished ? 'finished' : this.#readOn()
  }

  async #fill(to: number, final: boolean): Promise<void> {
    const { journal, signal } = this.#o
    const { next } = this.#ledger
    if (journal !== undefined) {
      try {
        const toSeq = Number.isFinite(to) ? { toSeq: to - 1 } : {}
        await this.#readJournal(journal.read({ fromSeq: next, ...toSeq, signal }), to, final)
      } catch (error) {
        this.#diagnose('journal_failed', `Reading the journal from frame ${next} on failed: ${errorMessage(error)}`)
      }
    }
    if (final && Number.isFinite(to) && this.#ledger.next < to) this.#gap(to)
  }

  async #readJournal(chunks: AsyncIterable<Uint8Array>, to: number, final: boolean): Promise<void> {
    const scanner = new FrameScanner()
    for await (const chunk of chunks) {
      scanner.push(chunk)
      for (let frame = scanner.next(); frame !== undefined; frame = scanner.next()) {
        if (!isFrame(frame) || frame.seq < this.#ledger.next) continue
        if (frame.seq >= to) return
        if (frame.seq > this.#ledger.next) {
          if (!final) return
          this.#gap(frame.seq)
        }
        this.#deliver(frame)
        if (this.#isFinished) return
      }
      await this.#o.room()
    }
  }

  #gap(toSeq: number): void {
    const [from, to] = this.#ledger.giveUpTo(toSeq)
    for (const { stream, first, rest } of this.#lines.break()) {
      const what = `A line of ${streamNames[stream]} that began in frame ${first} is broken by the gap; its rest: `
      this.#diagnose('broken_line', what + rest.toString('utf8', 0, 4_096))
    }
    this.#o.emit({ type: 'gap', unit: 'frames', from, to, reason: this.#reasonOfGap(), cursor: this.cursor() })
    this.#acceptsLoss = false
  }

  #reasonOfGap(): GapReason {
    if (this.#acceptsLoss && !this.#isFull) return 'reread_failed'
    return this.#o.journal === undefined ? 'missing_frames' : 'journal_incomplete'
  }

  acceptLoss(): void {
    this.#acceptsLoss = true
  }

  #deliver(frame: LocatedFrame): void {
    this.#ledger.take(frame)
    this.#newestMs = frame.time
    const { seq, stream } = frame
    if (stream === 'l') {
      if (seq >= this.#handedOver) this.#record(frame)
      else this.#recallEnd(frame)
      return
    }
    if (seq < this.#handedOver) {
      // Before a persisted cursor only its incomplete lines are collected again.
      const first = this.#resumeOpen[stream]
      if (first === undefined || seq < first) return
    } else this.#followsEnd(frame)
    this.#lines.add(stream, frame, this.#since)
  }

  /** Delivers a frame out of sequence: on its own, so that the other lines stay complete. */
  #deliverAside(frame: LocatedFrame, flag: 'late' | 'contested'): void {
    const { stream } = frame
    if (stream === 'l') return this.#record(frame)
    this.#followsEnd(frame)
    this.#asideLines[flag].add(stream, frame, this.#since)
  }

  #contest(frame: LocatedFrame): void {
    if (!this.#ledger.contest(frame)) return
    this.#contradict(`frame ${frame.seq} came twice, with different contents`)
    this.#deliverAside(frame, 'contested')
  }

  #emitLine(line: LogLine): void {
    this.delivered++
    this.#o.emit(line)
  }

  #record(frame: LocatedFrame): void {
    const { seq, time } = frame
    this.#followsEnd(frame)
    const record = decodeRecord(frame.bytes.subarray(frame.from, frame.to))
    if (record === null || !isInPlace(record, seq)) {
      this.#diagnose('not_a_frame', `Frame ${seq} is a record of the launcher that cannot be read`)
      return
    }
    this.delivered++
    this.#o.emit({ type: 'record', record, seq, time, cursor: this.cursor() })
    if (record.type === 'end') this.#endedAt = seq
  }

  /** After a restart: an earlier process may have delivered the end record. */
  #recallEnd({ seq, stream, bytes, from, to }: LocatedFrame): void {
    if (stream !== 'l' || seq !== this.#handedOver - 1 || this.#ledger.next > this.#handedOver) return
    if (decodeRecord(bytes.subarray(from, to))?.type === 'end') this.#endedAt = seq
  }

  /** The launcher writes nothing after its end record, so one followed by anything was not the launcher's. */
  #followsEnd({ seq }: LocatedFrame): void {
    if (this.#endedAt === undefined) return
    this.#contradict(`frame ${seq} came after the end record in frame ${this.#endedAt}`)
    this.#endedAt = undefined
  }

  #contradict(what: string): void {
    if (this.#isContested) return
    this.#isContested = true
    this.#diagnose('frames_contested', `Something besides the launcher writes frames in the container: ${what}`)
  }

  #noteTime(): void {
    // The first line of a chunk is the oldest: one timestamp per chunk is enough to resume at, and only its second counts.
    const { stamp } = this.#scanner
    if (stamp === undefined || this.#stamp?.compare(stamp, 0, secondLength, 0, secondLength) === 0) return
    this.#stamp = stamp
    const ns = parseStamp(stamp, 0, stamp.length)
    if (ns !== null) this.#since = sinceTime(ns, this.#o.overlapSeconds)
  }

  #diagnose(code: DiagnosticCode, text: string): void {
    this.#o.emit({ type: 'diagnostic', code, text })
  }

  endBody(): string {
    const rest = this.#scanner.rest()
    this.#scanner = new FrameScanner()
    return serverWords(rest)
  }

  async drain(): Promise<void> {
    if (this.#endedAt === undefined) await this.#fill(Number.POSITIVE_INFINITY, true)
  }

  async catchUp(): Promise<'more' | 'finished'> {
    const before = this.#ledger.next
    await this.#fill(Number.POSITIVE_INFINITY, false)
    // The requested time must advance as well, or the server would keep repeating known lines. The launcher took
    // this time before the log did; if it is wrong nevertheless, the missing numbers lead to the whole file.
    if (this.#ledger.next > before) this.#since = sinceTime(BigInt(this.#newestMs) * 1_000_000n, this.#o.overlapSeconds)
    return this.#isFinished ? 'finished' : 'more'
  }

  get awaitsEnd(): boolean {
    return this.#endedAt === undefined
  }

  get #isFinished(): boolean {
    return this.#endedAt !== undefined && this.#o.endRecord === 'trust'
  }

  quiet(): void {
    // Numbers leave nothing to decide.
  }

  // Numbers need no proof, and a frame ends with a newline: bytes after the last one are not a line.
  needsProof(): boolean {
    return false
  }

  hasRead(): boolean {
    return true
  }

  judgeNewest(body: Uint8Array): Newest {
    const scanner = new FrameScanner()
    scanner.push(body)
    let hasNew = false
    for (let line = scanner.next(); line !== undefined; line = scanner.next()) {
      hasNew ||= isFrame(line) && !['repeated', 'unknown'].includes(this.#ledger.standing(line))
    }
    if (!hasNew) return 'same'
    if (this.#since === undefined) return 'newer'
    const { stamp } = scanner
    const ns = stamp === undefined ? null : parseStamp(stamp, 0, stamp.length)
    return ns === null || sinceTime(ns, 0) < this.#since ? 'hidden' : 'newer'
  }

  cursor(): LauncherCursor {
    const { next, holes } = this.#ledger
    const since = this.#since
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

  verdict(): Verdict {
    if (this.#ledger.lost(this.#endedAt) > 0) return 'lost'
    return this.ending() === 'proved' ? 'complete' : 'unverified'
  }

  ending(): Ending {
    if (this.#endedAt === undefined) return 'missing'
    return this.#isContested || this.#endedAt !== this.#ledger.next - 1 ? 'contested' : 'proved'
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
