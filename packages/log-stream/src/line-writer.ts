import { type JoinedLine, LineJoiner } from './line-joiner.ts'
import type { DiagnosticCode, GapReason, LogLine } from './log-item.ts'
import type { LogPlace } from './log-place.ts'
import type { TimedLine } from './stamped-lines.ts'
import type { Emit, LineLimits } from './tracker.ts'

const million = 1_000_000n

/** Emits the lines of plain output, its gaps and diagnostics, and moves the place in the log along. */
export class LineWriter {
  readonly #place: LogPlace
  readonly #emit: Emit
  /** For complete lines. */
  readonly #joiner: LineJoiner
  /** The long line whose first parts were delivered before its connection broke. */
  #begun: { ns: bigint; parts: number } | undefined
  delivered = 0

  constructor(o: { place: LogPlace; limits: LineLimits; emit: Emit }) {
    this.#place = o.place
    this.#emit = o.emit
    this.#joiner = new LineJoiner(o.limits)
  }

  /** Emits a line, or what a piece of one completes: `joiner` then has the pieces before it. */
  write(line: TimedLine, joiner = this.#joiner, isWhole = true): void {
    if (this.#begun !== undefined && this.#begun.ns !== line.ns) {
      // Parts of a line were delivered, and the rest of it is no longer in the log.
      this.#begun = undefined
      this.gap(line.ns, 'no_overlap')
    }
    joiner.add(line.bytes, isWhole, (joined) => this.#deliver(line, joined))
  }

  #deliver(line: TimedLine, { text, bytes, part }: JoinedLine): void {
    const isEnd = part?.last !== false
    const { seq } = this.#place
    if (isEnd) {
      this.#place.pass(line)
      this.#begun = undefined
    } else {
      // Delivered before the connection broke.
      if (part.index < (this.#begun?.parts ?? 0)) return
      this.#begun = { ns: line.ns, parts: part.index + 1 }
    }
    const time = Number(line.ns / million)
    const item: LogLine = { type: 'line', stream: 'stdout', text, bytes, seq, time, cursor: this.#place.cursor() }
    if (part !== undefined) item.part = part
    if (line.unterminated && isEnd) item.unterminated = true
    this.delivered++
    this.#emit(item)
  }

  /** Lines are missing between the last one and this time. */
  gap(toNs: bigint, reason: GapReason): void {
    const place = this.#place
    place.countGap()
    const [from, to] = [Number(place.lastNs / million), Number(toNs / million)]
    this.#emit({ type: 'gap', unit: 'time', from, to, reason, cursor: place.cursor() })
  }

  diagnose(code: DiagnosticCode, text: string): void {
    this.#emit({ type: 'diagnostic', code, text })
  }
}
