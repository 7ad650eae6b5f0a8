import { Landmarks } from './landmarks.ts'
import { formatHash, parseHash } from './line-hash.ts'
import type { StampCursor } from './log-item.ts'
import { RecentLines } from './recent-lines.ts'
import type { TimedLine } from './stamped-lines.ts'
import { sinceTime } from './timestamp.ts'

/** The last line that was delivered. */
interface LastLine {
  ns: bigint
  high: number
  low: number
  /** How many lines with the same timestamp were delivered before it. */
  before: number
}

// Across stdout and stderr timestamps step back by up to 6 ms (docs/kubernetes-facts.md#timestamps-in-a-log); a file that is sent again, or a
// clock that was set back, steps back by more than this.
const stepBackNs = 1_000_000_000n
const million = 1_000_000n

/** The place in the log up to which lines were delivered: what a cursor stores, and what it takes to recognise lines. */
export class LogPlace {
  readonly recent: RecentLines
  readonly #landmarks = new Landmarks()
  readonly #overlapSeconds: number
  #last: LastLine | undefined
  #highest = 0n
  #peak = 0n
  #seq: number
  #lost: number

  constructor(o: { cursor?: StampCursor | undefined; overlapSeconds: number; maxRecentLines: number }) {
    const { cursor, overlapSeconds, maxRecentLines } = o
    this.#overlapSeconds = overlapSeconds
    this.recent = new RecentLines({ capacity: maxRecentLines, overlapSeconds })
    this.#seq = cursor?.seq ?? 0
    this.#lost = cursor?.lost ?? 0
    if (cursor?.last !== undefined) this.#restore(cursor, cursor.last)
  }

  #restore(cursor: StampCursor, [time, hash]: readonly [ns: string, hash: string]): void {
    const ns = BigInt(time)
    const [high, low] = parseHash(hash)
    const before = cursor.before ?? 0
    this.#last = { ns, high, low, before }
    this.recent.restore(ns, high, low, before)
    this.#highest = ns
    this.#peak = cursor.high === undefined ? ns : BigInt(cursor.high)
  }

  /** Whether no line was delivered yet. */
  get isAtStart(): boolean {
    return this.#last === undefined
  }

  /** The time of the last delivered line; 0 before the first. */
  get lastNs(): bigint {
    return this.#last?.ns ?? 0n
  }

  /** Highest timestamp since the clock last went back: much lower ones are a repetition or a stepped clock. */
  get highest(): bigint {
    return this.#highest
  }

  /** Highest timestamp ever: anything above it was not delivered before. */
  get peak(): bigint {
    return this.#peak
  }

  /** Number of the next line. */
  get seq(): number {
    return this.#seq
  }

  /** Gaps found so far. */
  get lost(): number {
    return this.#lost
  }

  /** The time from which to request the log, in the log server's format; undefined before the first line. */
  get resumeTime(): string | undefined {
    return this.#last === undefined ? undefined : sinceTime(this.#last.ns, this.#overlapSeconds)
  }

  /** Whether a time is older than two interleaved outputs explain: the file is sent again, or the clock went back. */
  isStepBack(ns: bigint): boolean {
    return this.#last !== undefined && ns < this.#highest - stepBackNs
  }

  /** Whether this line proves that its file was read before. */
  isLandmark(line: TimedLine): boolean {
    return this.#landmarks.has(line)
  }

  /** Moves behind a line that was delivered. */
  pass({ ns, high, low, bytes }: TimedLine): void {
    const last = this.#last
    this.#seq++
    this.#last = { ns, high, low, before: last !== undefined && last.ns === ns ? last.before + 1 : 0 }
    if (ns > this.#highest) this.#highest = ns
    if (ns > this.#peak) this.#peak = ns
    this.recent.push(ns, high, low)
    this.#landmarks.pass(bytes.length, this.#last)
  }

  /** Continues at a time below the highest one. */
  stepClock(ns: bigint): void {
    this.#highest = ns
  }

  countGap(): void {
    this.#lost++
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
}

/** Nanoseconds of a time in the log server's format. */
export function requestedNs(time: string): bigint {
  return BigInt(Date.parse(time)) * million
}
