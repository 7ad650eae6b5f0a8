import { HeldLines } from './held-lines.ts'
import type { LineWriter } from './line-writer.ts'
import type { LogPlace } from './log-place.ts'
import { Replay } from './replay.ts'
import type { TimedLine } from './stamped-lines.ts'

/**
 * Passes on the lines that were not delivered before. Every line goes through the same comparison, because even one
 * connection repeats files (docs/kubernetes-facts.md#log-rotation). A line that cannot be judged yet waits for the
 * lines after it: if one of those is known, the line is older and was delivered, and otherwise it is new.
 */
export class ReplayFilter {
  readonly #place: LogPlace
  readonly #writer: LineWriter
  readonly #held: HeldLines
  /** Present while the position of the server's lines among the delivered ones is unknown. */
  #replay: Replay | undefined

  constructor(o: { place: LogPlace; writer: LineWriter; maxHeldBytes: number }) {
    this.#place = o.place
    this.#writer = o.writer
    this.#held = new HeldLines(o.maxHeldBytes)
  }

  /** Whether lines wait until it is known if they are new. */
  get isUndecided(): boolean {
    return !this.#held.isEmpty
  }

  /** Whether lines wait that a request by time would leave out: they arrived with an older time. */
  get needsWholeFile(): boolean {
    return this.isUndecided && this.#replay?.cause === 'step-back'
  }

  get isReplaying(): boolean {
    return this.#replay !== undefined
  }

  /** The last line that waits. */
  get newestHeld(): TimedLine | undefined {
    return this.#held.newest
  }

  /** A new connection begins, which sends lines from this time on (without one, the whole file). */
  begin(since: string | undefined): void {
    this.#held.drop()
    this.#replay = this.#place.isAtStart ? undefined : new Replay(this.#place, 'resume', since)
  }

  /** Takes a whole line. */
  add(line: TimedLine): void {
    if (this.#replay !== undefined) this.#compare(line, this.#replay)
    else if (this.#place.isStepBack(line.ns)) this.#startComparing(line)
    else this.#writer.write(line)
  }

  #startComparing(line: TimedLine): void {
    this.#replay = new Replay(this.#place, 'step-back')
    this.#compare(line, this.#replay)
  }

  #compare(line: TimedLine, replay: Replay): void {
    if (this.#isKnown(line, replay)) return
    if (replay.isOfKnownFile(line)) this.#held.drop()
    else this.#hold(line, replay)
  }

  /** Whether the line is a remembered one. */
  recognise(line: TimedLine): boolean {
    return this.#replay !== undefined && this.#isKnown(line, this.#replay)
  }

  #isKnown(line: TimedLine, replay: Replay): boolean {
    const match = replay.matcher.match(line)
    if (match === 'unknown') return false
    // Lines before a known one are older than it, whatever their time says: the file is in the order of printing.
    if (!this.#held.isEmpty) this.#held.drop()
    if (match === 'last-known') {
      if (replay.cause === 'step-back') this.#reportRepetition()
      this.#replay = undefined
    }
    return true
  }

  /** Whether a line is new by its time alone, because it is too long to wait. */
  isNewByTime(ns: bigint): boolean {
    if (ns > this.#place.peak) this.#endReplay(ns)
    return this.#replay === undefined && !this.#place.isStepBack(ns)
  }

  /** Nothing more of the known lines arrives on this connection: lines that wait are new. */
  release(): void {
    const { oldest } = this.#held
    if (oldest !== undefined) this.#endReplay(oldest.ns)
  }

  #hold(line: TimedLine, replay: Replay): void {
    this.#held.add(line)
    if (this.#held.isOverLimit) {
      if (replay.cause === 'step-back') this.release()
      // Older than the remembered lines, because the file is read from further back.
      else this.#held.trim()
    }
    if (replay.isBehind(line.ns)) this.release()
  }

  /** The line with this time is new, and so are those that wait before it. */
  #endReplay(firstNs: bigint): void {
    const replay = this.#replay
    if (replay === undefined) return
    const held = this.#held.take()
    this.#replay = undefined
    this.#explain(replay, firstNs)
    for (const line of held) this.add(line)
  }

  /** Reports how the new lines follow those delivered before. */
  #explain(replay: Replay, firstNs: bigint): void {
    if (replay.isKnownFile) {
      this.#reportRepetition()
      return
    }
    if (replay.cause === 'resume') {
      if (replay.matcher.overlaps) return
      this.#writer.gap(firstNs, 'no_overlap')
    } else {
      this.#writer.diagnose(
        'clock_stepped_back',
        `The timestamps went back from ${this.#place.highest} to ${firstNs} ns, and these lines were not seen before`,
      )
    }
    this.#place.stepClock(firstNs)
  }

  #reportRepetition(): void {
    this.#writer.diagnose('file_repeated', 'The server sent the newest file again')
  }
}
