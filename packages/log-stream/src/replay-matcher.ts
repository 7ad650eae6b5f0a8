import type { RecentLines } from './recent-lines.ts'

/** A line as the matcher knows it. */
export interface SeenLine {
  ns: bigint
  high: number
  low: number
}

/** Verdict on a line that was read again: `known` was delivered before, `unknown` is new or not yet located. */
export type Match = 'known' | 'last-known' | 'unknown'

/**
 * Matches lines that a server sends again with the lines delivered before, in sequence. The server sends a suffix of
 * what was printed, so after a match at one place only later places can match.
 */
export class ReplayMatcher {
  readonly #recent: RecentLines
  /** The lowest and the highest known time: most lines of a file that is read again lie outside. */
  readonly #lowest: bigint
  readonly #highest: bigint
  #at: number
  readonly #first: number
  #before: number

  constructor(recent: RecentLines, since: bigint | undefined) {
    this.#recent = recent
    let first = 0
    if (since !== undefined) while (first < recent.length - 1 && recent.ns(first) < since) first++
    this.#first = first
    let lowest = recent.ns(first)
    let highest = lowest
    for (let index = first + 1; index < recent.length; index++) {
      const ns = recent.ns(index)
      if (ns < lowest) lowest = ns
      if (ns > highest) highest = ns
    }
    this.#lowest = lowest
    this.#highest = highest
    this.#at = first
    // Older lines of the same nanosecond are not kept, but they are sent again: they are recognised by their count.
    this.#before = first === 0 ? recent.before : 0
  }

  /** Whether any line was recognised: then nothing is missing between then and now. */
  get overlaps(): boolean {
    return this.#at > this.#first
  }

  match(line: SeenLine): Match {
    const recent = this.#recent
    if (this.#before > 0 && line.ns === recent.ns(this.#first)) {
      this.#before--
      return 'known'
    }
    if (line.ns < this.#lowest || line.ns > this.#highest) return 'unknown'
    const index = recent.find(this.#at, line.ns, line.high, line.low)
    if (index < 0) return 'unknown'
    this.#at = index + 1
    return this.#at === recent.length ? 'last-known' : 'known'
  }
}
