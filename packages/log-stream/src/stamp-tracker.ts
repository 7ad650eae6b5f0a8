import { HeadlessFragments } from './headless-fragments.ts'
import { LineWriter } from './line-writer.ts'
import type { Ending, StampCursor, Verdict } from './log-item.ts'
import { LogPlace } from './log-place.ts'
import { LongLines } from './long-lines.ts'
import { isSameLine, isTerminated, NewestProbe } from './newest-probe.ts'
import { ReplayFilter } from './replay-filter.ts'
import { serverWords } from './server-words.ts'
import { hasTime, type LineHandler, type StampedLine, StampedLines } from './stamped-lines.ts'
import { stampEnd } from './timestamp.ts'
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

/**
 * Plain output: timestamps as nanoseconds and hashes tell which lines were delivered before. The bytes of a connection
 * become lines (`StampedLines`), of which the new ones (`ReplayFilter`, `LongLines`) are emitted (`LineWriter`); the
 * place in the log (`LogPlace`) outlives the connection.
 */
export class StampTracker implements Tracker {
  readonly #place: LogPlace
  readonly #writer: LineWriter
  readonly #filter: ReplayFilter
  readonly #longLines: LongLines
  readonly #fragments = new HeadlessFragments()
  readonly #probe: NewestProbe
  readonly #splitLines: () => StampedLines
  #lines: StampedLines
  /** This connection sends the file from its start. */
  #isWholeFile = true
  #acceptsLoss = false
  /** Something in the current chunk can only be read in the whole file. */
  #needsReread = false
  readonly awaitsEnd = false

  constructor(options: StampTrackerOptions) {
    const { emit, maxHeldBytes } = options
    const place = new LogPlace(options)
    const writer = new LineWriter({ place, limits: options, emit })
    const filter = new ReplayFilter({ place, writer, maxHeldBytes })
    const longLines = new LongLines({ limits: options, filter, writer })
    const handler: LineHandler = {
      line: (line) => (hasTime(line) ? filter.add(line) : this.#headless(line)),
      piece: (piece) => {
        if (hasTime(piece)) longLines.add(piece)
        else if (piece.first) this.#headless(piece)
      },
    }
    this.#place = place
    this.#writer = writer
    this.#filter = filter
    this.#longLines = longLines
    this.#probe = new NewestProbe(place)
    this.#splitLines = () => new StampedLines(options.maxLineBytes, handler)
    this.#lines = this.#splitLines()
  }

  get delivered(): number {
    return this.#writer.delivered
  }

  get undecided(): boolean {
    return this.#filter.isUndecided
  }

  begin(plan: RequestPlan): { sinceTime?: string } {
    const since = plan.full || this.#filter.needsWholeFile ? undefined : this.#place.resumeTime
    this.#isWholeFile = since === undefined
    this.#lines = this.#splitLines()
    this.#longLines.begin()
    this.#filter.begin(since)
    return since === undefined ? {} : { sinceTime: since }
  }

  push(chunk: Uint8Array): Step {
    this.#needsReread = false
    this.#lines.push(chunk)
    return this.#needsReread ? 'reread' : 'more'
  }

  #headless({ bytes }: StampedLine): void {
    const text = bytes.toString('utf8', 0, 4_096)
    const { isRepeated, mayBeWholeInFile } = this.#fragments.judge(text, this.#isWholeFile)
    if (!isRepeated) this.#writer.diagnose('headless_fragment', text)
    // Before the first known line, such a line was delivered before; after it, only the whole file has the complete line.
    if (this.#filter.isReplaying || !mayBeWholeInFile) return
    if (!this.#acceptsLoss) {
      this.#needsReread = true
      return
    }
    this.#acceptsLoss = false
    this.#writer.gap(this.#place.lastNs, 'reread_failed')
  }

  acceptLoss(): void {
    this.#acceptsLoss = true
  }

  quiet(): void {
    this.#filter.release()
  }

  endBody({ last }: { last: boolean }): string {
    if (!last) return serverWords(this.#lines.rest())
    // The container ended: text without a newline is the end of its output.
    const words = serverWords(this.#lines.finish())
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
    const isWhole = isTerminated(newest)
    if (isWhole === (last && this.#hasTail)) return false
    return isSameLine(newest, isWhole ? this.#filter.newestHeld : this.#lines.peek())
  }

  judgeNewest(body: Uint8Array): Newest {
    return this.#probe.judge(body)
  }

  cursor(): StampCursor {
    return this.#place.cursor()
  }

  ending(): Ending {
    return 'missing'
  }

  verdict(): Verdict {
    return this.#place.lost > 0 ? 'lost' : 'unverified'
  }
}
