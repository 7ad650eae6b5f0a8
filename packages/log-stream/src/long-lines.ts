import { LineJoiner } from './line-joiner.ts'
import type { LineWriter } from './line-writer.ts'
import type { ReplayFilter } from './replay-filter.ts'
import type { StampedPiece, TimedLine } from './stamped-lines.ts'
import type { LineLimits } from './tracker.ts'

/** Takes lines above the limit piece by piece. They cannot wait until they are complete: time decides whether they are new. */
export class LongLines {
  readonly #limits: LineLimits
  readonly #filter: ReplayFilter
  readonly #writer: LineWriter
  /** The line that is being read: whether it is new, and its parts so far. */
  #current: { joiner: LineJoiner; isNew: boolean } | undefined

  constructor(o: { limits: LineLimits; filter: ReplayFilter; writer: LineWriter }) {
    this.#limits = o.limits
    this.#filter = o.filter
    this.#writer = o.writer
  }

  /** A new connection begins: the line that was being read is sent again, or lost. */
  begin(): void {
    this.#current = undefined
  }

  add(piece: TimedLine & StampedPiece): void {
    if (piece.first) {
      this.#current = { joiner: new LineJoiner(this.#limits), isNew: this.#filter.isNewByTime(piece.ns) }
    }
    const current = this.#current
    if (current === undefined) return
    if (piece.last) this.#current = undefined
    if (current.isNew) this.#writer.write(piece, current.joiner, piece.last)
    else if (piece.last && !this.#filter.recognise(piece)) this.#reportLoss(piece)
  }

  #reportLoss({ ns }: TimedLine): void {
    this.#writer.gap(ns, 'no_overlap')
    this.#writer.diagnose(
      'broken_line',
      `A line of more than ${this.#limits.maxLineBytes} bytes was sent with an older time than the lines before it`,
    )
  }
}
