import type { LocatedFrame } from '@agent-jobs/frames'
import { FrameLedger } from './frame-ledger.ts'
import { FrameScanner, isFrame } from './frame-scanner.ts'
import { FrameWriter } from './frame-writer.ts'
import { GapFiller } from './gap-filler.ts'
import type { JournalSource } from './journal-source.ts'
import type { Ending, LauncherCursor, Verdict } from './log-item.ts'
import { OutputEnd } from './output-end.ts'
import { RepeatedTexts } from './repeated-texts.ts'
import { ResumeTime } from './resume-time.ts'
import { serverWords } from './server-words.ts'
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

/**
 * Framed output: numbers decide what is new, what is repeated and what is missing (`FrameLedger`). The bytes of a
 * connection become frames (`FrameScanner`), whose lines and records are emitted (`FrameWriter`); missing ones come from
 * the journal (`GapFiller`) or from the whole file.
 */
export class LauncherTracker implements Tracker {
  readonly #ledger: FrameLedger
  readonly #resumeTime: ResumeTime
  readonly #end: OutputEnd
  readonly #writer: FrameWriter
  readonly #gaps: GapFiller
  readonly #texts = new RepeatedTexts()
  #scanner = new FrameScanner()
  /** This connection has brought something new, so older frames on it are not the overlap of a resumed request. */
  #isCaughtUp = false
  readonly undecided = false

  constructor(options: LauncherTrackerOptions) {
    const { cursor, emit, endRecord, journal, overlapSeconds, room, signal } = options
    const { next = 0, open, since, holes, lost } = cursor ?? {}
    const ledger = new FrameLedger({ next: Math.min(next, open?.stdout ?? next, open?.stderr ?? next), holes, lost })
    const resumeTime = new ResumeTime({ since, overlapSeconds })
    const end = new OutputEnd({
      endRecord,
      onContested: (text) => emit({ type: 'diagnostic', code: 'frames_contested', text }),
    })
    const writer = new FrameWriter({ ledger, resumeTime, end, limits: options, cursor, emit })
    this.#ledger = ledger
    this.#resumeTime = resumeTime
    this.#end = end
    this.#writer = writer
    this.#gaps = new GapFiller({ ledger, writer, end, journal, room, signal })
  }

  get delivered(): number {
    return this.#writer.delivered
  }

  begin(plan: RequestPlan): { sinceTime?: string } {
    this.#scanner = new FrameScanner()
    const since = plan.full ? undefined : this.#resumeTime.since
    this.#gaps.begin(since === undefined)
    this.#isCaughtUp = false
    return since === undefined ? {} : { sinceTime: since }
  }

  push(chunk: Uint8Array): Step | Promise<Step> {
    this.#scanner.push(chunk)
    // The first line of a chunk is the oldest: one timestamp per chunk is enough to resume at.
    this.#resumeTime.continueAt(this.#scanner.stamp)
    return this.#readOn()
  }

  /** Takes the lines of the current chunk up to its end, a gap or the end of following. */
  #readOn(): Step | Promise<Step> {
    for (let line = this.#scanner.next(); line !== undefined; line = this.#scanner.next()) {
      if (!isFrame(line)) {
        if (!this.#texts.has(line.text, line.stamp)) this.#writer.diagnose('not_a_frame', line.text)
      } else if (!this.#take(line)) return this.#overGap(line)
      if (this.#end.isFinal) return 'finished'
    }
    return 'more'
  }

  /** Takes a frame of the log; false when numbers before it are missing. */
  #take(frame: LocatedFrame): boolean {
    const standing = this.#ledger.standing(frame)
    switch (standing) {
      case 'next':
        this.#isCaughtUp = true
        this.#writer.deliver(frame)
        return true
      case 'ahead':
        return false
      case 'late':
        this.#writer.deliverLate(frame)
        return true
      case 'contested':
        this.#writer.deliverContested(frame)
        return true
      case 'unknown':
        if (this.#isCaughtUp) this.#end.contradict(`frame ${frame.seq} came again after newer ones`)
        this.#writer.recallEnd(frame)
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
    await this.#gaps.fillBefore(frame.seq)
    if (this.#end.isFinal) return 'finished'
    if (this.#ledger.next < frame.seq) return 'reread'
    this.#take(frame)
    return this.#end.isFinal ? 'finished' : this.#readOn()
  }

  acceptLoss(): void {
    this.#gaps.acceptLoss()
  }

  endBody(): string {
    const rest = this.#scanner.rest()
    this.#scanner = new FrameScanner()
    return serverWords(rest)
  }

  async drain(): Promise<void> {
    if (this.#end.seq === undefined) await this.#gaps.readRest({ final: true })
  }

  async catchUp(): Promise<'more' | 'finished'> {
    const before = this.#ledger.next
    await this.#gaps.readRest({ final: false })
    // The requested time must advance as well, or the server would keep repeating known lines. The launcher took
    // this time before the log did; if it is wrong nevertheless, the missing numbers lead to the whole file.
    if (this.#ledger.next > before) this.#resumeTime.continueAtFrame(this.#writer.newestMs)
    return this.#end.isFinal ? 'finished' : 'more'
  }

  get awaitsEnd(): boolean {
    return this.#end.seq === undefined
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
    return this.#resumeTime.leavesOut(scanner.stamp) ? 'hidden' : 'newer'
  }

  cursor(): LauncherCursor {
    return this.#writer.cursor()
  }

  verdict(): Verdict {
    if (this.#ledger.lost(this.#end.seq) > 0) return 'lost'
    return this.ending() === 'proved' ? 'complete' : 'unverified'
  }

  ending(): Ending {
    return this.#end.ending(this.#ledger.next)
  }
}
