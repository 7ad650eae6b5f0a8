import { decodeRecord, type EndRecord, type ParsedFrame } from '@agent-jobs/frames'
import { errorMessage } from '@agent-jobs/primitives'
import { createFrameDecoder, type FrameDecoder, type FrameEntry } from './frame-decoder.ts'
import type { JournalSource } from './journal-source.ts'
import { LineJoiner } from './line-joiner.ts'
import type { DiagnosticCode, GapReason, LauncherCursor, LogLine, Verdict } from './log-item.ts'
import { serverWords } from './server-words.ts'
import { parseStamp, sinceTime } from './timestamp.ts'
import type { Emit, LineLimits, Newest, RequestPlan, Step, Tracker } from './tracker.ts'

/** From where in the frames a tracker goes on, and its bounds. */
export interface LauncherTrackerOptions extends LineLimits {
  cursor?: LauncherCursor
  journal?: JournalSource
  overlapSeconds: number
  emit: Emit
  /** Waits until what was handed over has room: a journal may be larger than what can wait for a slow consumer. */
  room: () => Promise<void>
  /** Ends a reading of the journal. */
  signal: AbortSignal
}

interface OpenLine {
  joiner: LineJoiner
  /** First frame of the open line. */
  first: number
  since: string | undefined
  /** A gap lies before: whether the next line of this stream is whole cannot be known. */
  doubtful: boolean
}

const names = { o: 'stdout', e: 'stderr' } as const
const maxRememberedTexts = 256

/** Framed output: numbers decide what is new, what is a repetition and what is missing. */
export class LauncherTracker implements Tracker {
  readonly #o: LauncherTrackerOptions
  readonly #streams: { o: OpenLine; e: OpenLine }
  #decoder: FrameDecoder = createFrameDecoder()
  #next: number
  /** Frames below this were handed over by an earlier process; only lines it left open are collected from them. */
  readonly #handedOver: number
  readonly #resumeOpen: { o?: number | undefined; e?: number | undefined }
  #since: string | undefined
  #stamp: Buffer | undefined
  #full = true
  #acceptsLoss = false
  #lost: number
  #newestMs = 0
  #end: EndRecord | undefined
  readonly #texts = new Set<string>()
  readonly undecided = false
  delivered = 0

  constructor(options: LauncherTrackerOptions) {
    this.#o = options
    const { cursor } = options
    this.#handedOver = cursor?.next ?? 0
    this.#resumeOpen = { o: cursor?.open?.stdout, e: cursor?.open?.stderr }
    this.#next = Math.min(this.#handedOver, this.#resumeOpen.o ?? Infinity, this.#resumeOpen.e ?? Infinity)
    this.#since = cursor?.since
    this.#lost = cursor?.lost ?? 0
    const line = (): OpenLine => ({ joiner: new LineJoiner(options), first: 0, since: undefined, doubtful: false })
    this.#streams = { o: line(), e: line() }
  }

  begin(plan: RequestPlan): { sinceTime?: string } {
    this.#decoder = createFrameDecoder()
    const since = plan.full ? undefined : this.#since
    this.#full = since === undefined
    return since === undefined ? {} : { sinceTime: since }
  }

  push(chunk: Uint8Array): Step | Promise<Step> {
    const entries = this.#decoder.push(chunk)
    this.#noteTime()
    return this.#accept(entries, 0)
  }

  #accept(entries: FrameEntry[], from: number): Step | Promise<Step> {
    for (let i = from; i < entries.length; i++) {
      const entry = entries[i]
      if (entry === undefined) break
      if (entry.kind === 'text') {
        this.#text(entry.text, entry.stamp)
        continue
      }
      const { frame } = entry
      if (frame.seq < this.#next) continue
      if (frame.seq > this.#next) return this.#overGap(entries, i, frame)
      this.#deliver(frame)
      if (this.#end !== undefined) return 'finished'
    }
    return 'more'
  }

  async #overGap(entries: FrameEntry[], at: number, frame: ParsedFrame): Promise<Step> {
    // The first answer to a gap is the journal, the second the file from its start: a clock that went back makes
    // the server leave lines out (sinceTime filters line by line, KUBERNETES.md B.2). Only then is it a loss.
    await this.#fill(frame.seq, this.#full || this.#acceptsLoss)
    if (this.#end !== undefined) return 'finished'
    if (this.#next < frame.seq) return 'reread'
    return this.#accept(entries, at)
  }

  async #fill(to: number, final: boolean): Promise<void> {
    const { journal, signal } = this.#o
    if (journal !== undefined) {
      try {
        const toSeq = Number.isFinite(to) ? { toSeq: to - 1 } : {}
        await this.#readJournal(journal.read({ fromSeq: this.#next, ...toSeq, signal }), to, final)
      } catch (error) {
        const reason = errorMessage(error)
        this.#diagnose('journal_failed', `Reading the journal from frame ${this.#next} on failed: ${reason}`)
      }
    }
    if (final && Number.isFinite(to) && this.#next < to) this.#gap(to)
  }

  async #readJournal(chunks: AsyncIterable<Uint8Array>, to: number, final: boolean): Promise<void> {
    const decoder = createFrameDecoder()
    for await (const chunk of chunks) {
      for (const entry of decoder.push(chunk)) {
        if (entry.kind !== 'frame' || entry.frame.seq < this.#next) continue
        const { frame } = entry
        if (frame.seq >= to) return
        if (frame.seq > this.#next) {
          if (!final) return
          this.#gap(frame.seq)
        }
        this.#deliver(frame)
        if (this.#end !== undefined) return
      }
      await this.#o.room()
    }
  }

  #gap(to: number): void {
    const from = this.#next
    this.#lost += to - from
    this.#next = to
    for (const key of ['o', 'e'] as const) {
      const line = this.#streams[key]
      line.doubtful = true
      if (!line.joiner.open) continue
      const left = line.joiner.reset()
      this.#diagnose(
        'broken_line',
        `A line of ${names[key]} that began in frame ${line.first} is broken by the gap; its rest: ` +
          left.toString('utf8', 0, 4_096),
      )
    }
    this.#o.emit({
      type: 'gap',
      unit: 'frames',
      from,
      to: to - 1,
      reason: this.#reasonOfGap(),
      cursor: this.cursor(),
    })
    this.#acceptsLoss = false
  }

  #reasonOfGap(): GapReason {
    if (this.#acceptsLoss && !this.#full) return 'reread_failed'
    return this.#o.journal === undefined ? 'missing_frames' : 'journal_incomplete'
  }

  acceptLoss(): void {
    this.#acceptsLoss = true
  }

  #deliver(frame: ParsedFrame): void {
    this.#next = frame.seq + 1
    this.#newestMs = frame.time
    if (frame.stream === 'l') {
      if (frame.seq >= this.#handedOver) this.#record(frame)
      return
    }
    const line = this.#streams[frame.stream]
    if (frame.seq < this.#handedOver) {
      // Before a persisted cursor only the lines that it left open are collected again.
      const first = this.#resumeOpen[frame.stream]
      if (first === undefined || frame.seq < first) return
    }
    if (!line.joiner.open) {
      line.first = frame.seq
      line.since = this.#since
    }
    line.joiner.add(frame.payload, frame.flag !== '+', (joined) => {
      const item: LogLine = {
        type: 'line',
        stream: names[frame.stream as 'o' | 'e'],
        text: joined.text,
        bytes: joined.bytes,
        seq: frame.seq,
        time: frame.time,
        cursor: this.cursor(),
      }
      if (joined.part !== undefined) item.part = joined.part
      if (line.doubtful) {
        item.headMayBeMissing = true
        line.doubtful = false
      }
      if (frame.flag === '$' && joined.part?.last !== false) item.unterminated = true
      this.delivered++
      this.#o.emit(item)
    })
  }

  #record(frame: ParsedFrame): void {
    const record = decodeRecord(frame.payload)
    if (record === null) {
      this.#diagnose('not_a_frame', `Frame ${frame.seq} is a record of the launcher that cannot be read`)
      return
    }
    this.delivered++
    this.#o.emit({ type: 'record', record, seq: frame.seq, time: frame.time, cursor: this.cursor() })
    if (record.type === 'end') this.#end = record
  }

  #noteTime(): void {
    // The first line of a chunk is the oldest: one timestamp a chunk is enough to resume at.
    const { stamp } = this.#decoder
    if (stamp === undefined || stamp === this.#stamp) return
    this.#stamp = stamp
    const ns = parseStamp(stamp, 0, stamp.length)
    if (ns !== null) this.#since = sinceTime(ns, this.#o.overlapSeconds)
  }

  #text(text: string, stamp: string): void {
    // A resumed connection repeats what stands between the frames; the timestamp tells a repetition.
    const key = `${stamp} ${text.length} ${text.slice(0, 32)}`
    if (stamp !== '' && this.#texts.has(key)) return
    if (this.#texts.size >= maxRememberedTexts) {
      for (const oldest of this.#texts) {
        this.#texts.delete(oldest)
        break
      }
    }
    this.#texts.add(key)
    this.#diagnose('not_a_frame', text)
  }

  #diagnose(code: DiagnosticCode, text: string): void {
    this.#o.emit({ type: 'diagnostic', code, text })
  }

  endBody(): string {
    const rest = this.#decoder.rest()
    this.#decoder = createFrameDecoder()
    return serverWords(rest)
  }

  async drain(): Promise<void> {
    if (this.#end === undefined) await this.#fill(Number.POSITIVE_INFINITY, true)
  }

  async catchUp(): Promise<'more' | 'finished'> {
    const before = this.#next
    await this.#fill(Number.POSITIVE_INFINITY, false)
    // What is asked for must move on as well, or the server would go on repeating what is known. The launcher took
    // this time before the log did; should it be wrong nevertheless, the missing numbers lead to the whole file.
    if (this.#next > before) this.#since = sinceTime(BigInt(this.#newestMs) * 1_000_000n, this.#o.overlapSeconds)
    return this.#end === undefined ? 'more' : 'finished'
  }

  get awaitsEnd(): boolean {
    return this.#end === undefined
  }

  quiet(): void {
    // Numbers leave nothing to decide.
  }

  // Numbers need no proof, and a frame ends with a newline: what stands behind the last one is no line.
  needsProof(): boolean {
    return false
  }

  hasRead(): boolean {
    return true
  }

  judgeNewest(body: Uint8Array): Newest {
    const decoder = createFrameDecoder()
    const entries = decoder.push(body)
    if (!entries.some((entry) => entry.kind === 'frame' && entry.frame.seq >= this.#next)) return 'same'
    if (this.#since === undefined) return 'newer'
    const { stamp } = decoder
    const ns = stamp === undefined ? null : parseStamp(stamp, 0, stamp.length)
    return ns === null || sinceTime(ns, 0) < this.#since ? 'hidden' : 'newer'
  }

  cursor(): LauncherCursor {
    const cursor: LauncherCursor = { version: 1, framing: 'launcher', next: Math.max(this.#next, this.#handedOver) }
    let since = this.#since
    const { o, e } = this.#streams
    // Nearly every cursor is taken where no line is open: each line carries one, so this way is the short one.
    const plain = !o.joiner.open && !e.joiner.open && this.#next > this.#handedOver
    for (const key of plain ? [] : (['o', 'e'] as const)) {
      const line = this.#streams[key]
      const earlier = this.#resumeOpen[key]
      const waiting = earlier !== undefined && this.#next <= earlier
      if (!line.joiner.open && !waiting) continue
      cursor.open ??= {}
      cursor.open[names[key]] = line.joiner.open ? line.first : (earlier ?? 0)
      if (line.joiner.open && line.since !== undefined && (since === undefined || line.since < since))
        since = line.since
    }
    if (since !== undefined) cursor.since = since
    if (this.#lost > 0) cursor.lost = this.#lost
    return cursor
  }

  verdict(): Verdict {
    if (this.#lost > 0) return 'lost'
    return this.#end !== undefined && this.#end.frames === this.#next - 1 ? 'complete' : 'unverified'
  }
}
