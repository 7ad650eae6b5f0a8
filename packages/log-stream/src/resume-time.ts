import { parseStamp, secondLength, sinceTime } from './timestamp.ts'

/** The time from which the next connection requests framed output, as a whole second in the log server's format. */
export class ResumeTime {
  readonly #overlapSeconds: number
  #since: string | undefined
  /** The timestamp that gave the time: most chunks are of the same second as the one before. */
  #stamp: Buffer | undefined

  constructor(o: { since: string | undefined; overlapSeconds: number }) {
    this.#since = o.since
    this.#overlapSeconds = o.overlapSeconds
  }

  /** Undefined until a timestamp was read. */
  get since(): string | undefined {
    return this.#since
  }

  /** Continues at a timestamp of the log. */
  continueAt(stamp: Buffer | undefined): void {
    if (stamp === undefined || this.#stamp?.compare(stamp, 0, secondLength, 0, secondLength) === 0) return
    this.#stamp = stamp
    const ns = parseStamp(stamp, 0, stamp.length)
    if (ns !== null) this.#since = sinceTime(ns, this.#overlapSeconds)
  }

  /** Continues at a time of the launcher, which took it before the log took its own. */
  continueAtFrame(ms: number): void {
    this.#since = sinceTime(BigInt(ms) * 1_000_000n, this.#overlapSeconds)
  }

  /** Whether a request from this time on leaves out a line with this timestamp. */
  leavesOut(stamp: Buffer | undefined): boolean {
    if (this.#since === undefined) return false
    const ns = stamp === undefined ? null : parseStamp(stamp, 0, stamp.length)
    return ns === null || sinceTime(ns, 0) < this.#since
  }
}
