import { formatHash, parseHash } from './line-hash.ts'
import { Landmarks } from './landmarks.ts'
import { LineJoiner } from './line-joiner.ts'
import type { Ending, GapReason, LogLine, StampCursor, Verdict } from './log-item.ts'
import { RecentLines } from './recent-lines.ts'
import { ReplayMatcher } from './replay-matcher.ts'
import { serverWords } from './server-words.ts'
import { type LineHandler, type StampedLine, StampedLines, type StampedPiece } from './stamped-lines.ts'
import { parseStamp, sinceTime, stampEnd } from './timestamp.ts'
import type { Emit, LineLimits, Newest, RequestPlan, Step, Tracker } from './tracker.ts'

/** Where in the timestamps a tracker continues, and its limits. */
export interface StampTrackerOptions extends LineLimits {
  cursor?: StampCursor
  overlapSeconds: number
  maxRecentLines: number
  /** Bytes of lines that may wait until it is known whether they are new. */
  maxHeldBytes: number
  emit: Emit
}

/** A line with a timestamp. */
interface Line extends StampedLine {
  ns: bigint
  /** The output ended after it, without a newline. */
  unterminated?: true
}

// Across stdout and stderr timestamps step back by up to 6 ms (docs/kubernetes-facts.md#timestamps-in-a-log); a file that is sent again, or a
// clock that was set back, steps back by more than this.
const stepBackNs = 1_000_000_000n
const million = 1_000_000n
const newline = 0x0a
// containerd cuts lines at 16 KiB, CRI-O at 8 KiB.
const partBytes = 8_192
const heldOverheadBytes = 100
const probeBytes = 1_048_576
const probesBeforeDoubt = 60

/**
 * Plain output: timestamps as nanoseconds and hashes tell which lines were delivered before. Every line goes through
 * the same comparison, because even one connection repeats files (docs/kubernetes-facts.md#log-rotation).
 */
export class StampTracker implements Tracker {
  readonly #o: StampTrackerOptions
  readonly #recent: RecentLines
  readonly #landmarks = new Landmarks()
  readonly #handler: LineHandler
  /** For complete lines. */
  readonly #joiner: LineJoiner
  #lines: StampedLines
  /** Present while the position of the server's lines in the printed sequence is unknown. */
  #matcher: ReplayMatcher | undefined
  #reason: 'resume' | 'step-back' = 'resume'
  /** A known file is being sent again: its unknown lines are older than the remembered ones. */
  #isRepeated = false
  #held: Line[] = []
  #heldBytes = 0
  #full = true
  #acceptsLoss = false
  #last: { ns: bigint; high: number; low: number; before: number } | undefined
  /** Highest timestamp since the clock last went back: much lower ones are a repetition or a stepped clock. */
  #high = 0n
  /** Highest timestamp ever: anything above it was not delivered before. */
  #peak = 0n
  #seq: number
  #lost: number
  #probed = ''
  #probedAgain = 0
  /** The last reported fragment: each connection that begins at the same time gives it again. */
  #fragment = ''
  /** The fragment that the whole file had, too. */
  #wholeFragment = ''
  #step: Step = 'more'
  #finishing = false
  /** The long line that is being read: whether it is new, and its parts so far. */
  #long: { joiner: LineJoiner; isNew: boolean } | undefined
  /** The long line whose first parts were delivered before its connection broke. */
  #begun: { ns: bigint; parts: number } | undefined
  readonly awaitsEnd = false
  delivered = 0

  constructor(options: StampTrackerOptions) {
    this.#o = options
    this.#joiner = new LineJoiner(options)
    this.#recent = new RecentLines({ capacity: options.maxRecentLines, overlapSeconds: options.overlapSeconds })
    this.#handler = {
      line: (line) => (line.ns === null ? this.#headless(line) : this.#line(this.#mark(line as Line))),
      piece: (piece) =>
        piece.ns === null ? this.#headless(piece) : this.#piece(this.#mark(piece as Line & StampedPiece)),
    }
    this.#lines = new StampedLines(options.maxLineBytes, this.#handler)
    const { cursor } = options
    this.#seq = cursor?.seq ?? 0
    this.#lost = cursor?.lost ?? 0
    if (cursor?.last !== undefined) {
      const ns = BigInt(cursor.last[0])
      const [high, low] = parseHash(cursor.last[1])
      this.#last = { ns, high, low, before: cursor.before ?? 0 }
      this.#recent.restore(ns, high, low, this.#last.before)
      this.#high = ns
      this.#peak = cursor.high === undefined ? ns : BigInt(cursor.high)
    }
  }

  begin(plan: RequestPlan): { sinceTime?: string } {
    this.#lines = new StampedLines(this.#o.maxLineBytes, this.#handler)
    this.#long = undefined
    // A request that begins at a time leaves out lines that arrived with an older time and were not located.
    const full = plan.full || (this.undecided && this.#reason === 'step-back')
    this.#dropHeld()
    this.#reason = 'resume'
    this.#full = full || this.#last === undefined
    if (this.#last === undefined) {
      this.#matcher = undefined
      return {}
    }
    if (full) {
      this.#matcher = new ReplayMatcher(this.#recent, undefined)
      return {}
    }
    const since = sinceTime(this.#last.ns, this.#o.overlapSeconds)
    this.#matcher = new ReplayMatcher(this.#recent, BigInt(Date.parse(since)) * million)
    return { sinceTime: since }
  }

  get undecided(): boolean {
    return this.#held.length > 0
  }

  push(chunk: Uint8Array): Step {
    this.#step = 'more'
    this.#lines.push(chunk)
    return this.#step
  }

  #mark<L extends Line>(line: L): L {
    if (this.#finishing) line.unterminated = true
    return line
  }

  #headless(line: StampedLine & { first?: boolean }): void {
    if (line.first === false) return
    // The kubelet filters a long line part by part, so the head can be left out
    // (docs/kubernetes-facts.md#long-lines-in-a-log). Before the
    // first known line, such a line was delivered before; after it, only the whole file has the complete line.
    const text = line.bytes.toString('utf8', 0, 4_096)
    if (this.#fragment !== text) this.#o.emit({ type: 'diagnostic', code: 'headless_fragment', text })
    this.#fragment = text
    if (this.#full) this.#wholeFragment = text
    // If the whole file lacks the head as well, reading it again does not help.
    if (this.#matcher !== undefined || this.#full || this.#wholeFragment === text) return
    if (!this.#acceptsLoss) {
      this.#step = 'reread'
      return
    }
    this.#acceptsLoss = false
    this.#gap(this.#last?.ns ?? 0n, 'reread_failed')
  }

  acceptLoss(): void {
    this.#acceptsLoss = true
  }

  /** A line above the limit cannot wait until it is complete: its time alone decides whether it is new. */
  #piece(piece: Line & StampedPiece): void {
    if (piece.first) {
      const { ns } = piece
      if (this.#matcher !== undefined && ns > this.#peak) this.#takeForNew({ ns })
      const back = this.#last !== undefined && ns < this.#high - stepBackNs
      this.#long = { joiner: new LineJoiner(this.#o), isNew: this.#matcher === undefined && !back }
    }
    const long = this.#long
    if (long === undefined) return
    if (piece.last) this.#long = undefined
    if (long.isNew) this.#emitLine(piece, long.joiner, piece.last)
    else if (piece.last && !this.#isKnown(piece)) {
      this.#gap(piece.ns)
      this.#o.emit({
        type: 'diagnostic',
        code: 'broken_line',
        text: `A line of more than ${this.#o.maxLineBytes} bytes was sent with an older time than the lines before it`,
      })
    }
  }

  #line(line: Line): void {
    if (this.#matcher === undefined) {
      if (this.#last === undefined || line.ns >= this.#high - stepBackNs) {
        this.#handOver(line)
        return
      }
      this.#matcher = new ReplayMatcher(this.#recent, undefined)
      this.#reason = 'step-back'
      this.#isRepeated = false
    }
    if (this.#isKnown(line)) return
    if (this.#reason === 'step-back' && line.ns <= this.#high) {
      if (!this.#isRepeated && this.#landmarks.has(line)) {
        this.#isRepeated = true
        this.#dropHeld()
      }
      if (this.#isRepeated) return
    }
    this.#hold(line)
    if (line.ns > (this.#reason === 'resume' ? this.#peak : this.#high)) this.quiet()
  }

  #isKnown(line: Line): boolean {
    const match = this.#matcher?.match(line) ?? 'unknown'
    if (match === 'unknown') return false
    // Lines before a known one are older than it, whatever their time says: the file is in the order of printing.
    this.#dropHeld()
    if (match === 'last-known') {
      if (this.#reason === 'step-back') this.#sayRepeated()
      this.#matcher = undefined
    }
    return true
  }

  #sayRepeated(): void {
    this.#o.emit({ type: 'diagnostic', code: 'file_repeated', text: 'The server sent the newest file again' })
  }

  #hold(line: Line): void {
    const copy = Buffer.from(line.bytes)
    this.#held.push({ ...line, bytes: copy })
    this.#heldBytes += copy.length + heldOverheadBytes
    if (this.#heldBytes <= this.#o.maxHeldBytes) return
    if (this.#reason === 'step-back') {
      this.quiet()
      return
    }
    // Older than the remembered lines, because the file is read from further back.
    while (this.#heldBytes > this.#o.maxHeldBytes && this.#held.length > 1) {
      this.#heldBytes -= (this.#held.shift()?.bytes.length ?? 0) + heldOverheadBytes
    }
  }

  #dropHeld(): void {
    this.#held = []
    this.#heldBytes = 0
  }

  quiet(): void {
    const [first] = this.#held
    if (first !== undefined) this.#takeForNew(first)
  }

  /** Nothing more of the known lines will arrive on this connection: waiting lines are new. */
  #takeForNew(first: { ns: bigint }): void {
    const matcher = this.#matcher
    if (matcher === undefined) return
    const held = this.#held
    this.#dropHeld()
    this.#matcher = undefined
    if (this.#reason === 'step-back' && this.#isRepeated) this.#sayRepeated()
    else if (this.#reason === 'step-back') {
      this.#o.emit({
        type: 'diagnostic',
        code: 'clock_stepped_back',
        text: `The timestamps went back from ${this.#high} to ${first.ns} ns, and these lines were not seen before`,
      })
      this.#high = first.ns
    } else if (!matcher.overlaps) {
      this.#gap(first.ns)
      this.#high = first.ns
    }
    for (const line of held) this.#line(line)
  }

  #gap(to: bigint, reason: GapReason = 'no_overlap'): void {
    this.#lost++
    this.#o.emit({
      type: 'gap',
      unit: 'time',
      from: Number((this.#last?.ns ?? 0n) / million),
      to: Number(to / million),
      reason,
      cursor: this.cursor(),
    })
  }

  #handOver(line: Line): void {
    this.#emitLine(line, this.#joiner, true)
  }

  #emitLine(line: Line, joiner: LineJoiner, whole: boolean): void {
    const begun = this.#begun
    if (begun !== undefined && begun.ns !== line.ns) {
      // Parts of a line were delivered, and the rest of it is no longer in the log.
      this.#begun = undefined
      this.#gap(line.ns)
    }
    const last = this.#last
    const before = last !== undefined && last.ns === line.ns ? last.before + 1 : 0
    const seq = this.#seq
    joiner.add(line.bytes, whole, (joined) => {
      const { part } = joined
      if (part?.last !== false) {
        this.#seq++
        this.#last = { ns: line.ns, high: line.high, low: line.low, before }
        if (line.ns > this.#high) this.#high = line.ns
        if (line.ns > this.#peak) this.#peak = line.ns
        this.#recent.push(line.ns, line.high, line.low)
        this.#landmarks.pass(line.bytes.length, line)
        this.#begun = undefined
      } else {
        if (part.index < (this.#begun?.parts ?? 0)) return
        this.#begun = { ns: line.ns, parts: part.index + 1 }
      }
      const item: LogLine = {
        type: 'line',
        stream: 'stdout',
        text: joined.text,
        bytes: joined.bytes,
        seq,
        time: Number(line.ns / million),
        cursor: this.cursor(),
      }
      if (part !== undefined) item.part = part
      if (line.unterminated && part?.last !== false) item.unterminated = true
      this.delivered++
      this.#o.emit(item)
    })
  }

  endBody({ last }: { last: boolean }): string {
    if (!last) {
      return serverWords(this.#lines.rest())
    }
    // The container ended: text without a newline is the end of its output.
    this.#finishing = true
    const words = serverWords(this.#lines.finish())
    this.#finishing = false
    this.quiet()
    return words
  }

  async drain(): Promise<void> {
    // Plain output has no journal.
  }

  async catchUp(): Promise<'more'> {
    return 'more'
  }

  get #hasTail(): boolean {
    const rest = this.#lines.rest()
    return stampEnd(rest, 0, rest.length) >= 0
  }

  needsProof({ last }: { last: boolean }): boolean {
    return this.undecided || (last && this.#hasTail)
  }

  hasRead(newest: Uint8Array, { last }: { last: boolean }): boolean {
    const probe = Buffer.from(newest)
    const behind = stampEnd(probe, 0, probe.length)
    const ns = behind < 0 ? null : parseStamp(probe, 0, behind)
    if (ns === null) return false
    const isWhole = probe.at(-1) === newline
    if (isWhole === (last && this.#hasTail)) return false
    const read = isWhole ? this.#held.at(-1) : this.#lines.peek()
    if (read === undefined || read.ns === null) return false
    const bytes = probe.subarray(behind, isWhole ? -1 : undefined)
    if (read.ns === ns) return read.bytes.equals(bytes)
    // Of a line of several parts the probe has only the last one, with its own time.
    const head = read.bytes.length - bytes.length
    return ns > read.ns && head > 0 && head % partBytes === 0 && read.bytes.subarray(head).equals(bytes)
  }

  judgeNewest(body: Uint8Array): Newest {
    const seen: StampedLine[] = []
    new StampedLines(probeBytes, { line: (line) => seen.push(line), piece: () => undefined }).push(body)
    const newest = seen.at(-1)
    if (newest === undefined || newest.ns === null) return 'same'
    const { ns, high, low } = newest
    const last = this.#last
    const isHidden = last !== undefined && ns < BigInt(Date.parse(sinceTime(last.ns, this.#o.overlapSeconds))) * million
    const answer = isHidden ? 'hidden' : 'newer'
    // `tailLines` counts parts: of a long line it returns the last part, with its own time
    // (docs/kubernetes-facts.md#long-lines-in-a-log).
    // What an earlier probe found, and a new connection did not, is such a part.
    const key = `${this.#seq} ${ns} ${formatHash(high, low)}`
    if (this.#recent.find(0, ns, high, low) >= 0) return 'same'
    if (key === this.#probed) {
      // The new connection may also have been dead from its start: that is retried every half hour.
      this.#probedAgain++
      return this.#probedAgain % probesBeforeDoubt === 0 ? answer : 'same'
    }
    this.#probedAgain = 0
    this.#probed = key
    return answer
  }

  cursor(): StampCursor {
    const cursor: StampCursor = { version: 1, framing: 'none', seq: this.#seq }
    const last = this.#last
    if (last !== undefined) {
      cursor.last = [last.ns.toString(), formatHash(last.high, last.low)]
      if (last.before > 0) cursor.before = last.before
      if (this.#peak > last.ns) cursor.high = this.#peak.toString()
    }
    if (this.#lost > 0) cursor.lost = this.#lost
    return cursor
  }

  ending(): Ending {
    return 'missing'
  }

  verdict(): Verdict {
    return this.#lost > 0 ? 'lost' : 'unverified'
  }
}
