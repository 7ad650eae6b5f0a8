import { followLogs } from '../src/follow-logs.ts'
import type { FollowOptions } from '../src/follow-options.ts'
import type { LogCursor, LogItem, Verdict } from '../src/log-item.ts'
import type { LogSource } from '../src/log-source.ts'

/** The text of a numbered line: the same in the pods' programs and in what a follower should deliver. */
export const numberedLineSource = "(n) => 'line ' + n + ' ' + 'x'.repeat((n * 7919) % 2000)"
const numberedLine = (n: number): string => `line ${n} ${'x'.repeat((n * 7_919) % 2_000)}`

type Gap = Extract<LogItem, { type: 'gap' }>

/** Follows numbered lines and keeps what is needed to judge the delivery, not their text. */
export class Recorder {
  /** First and last of each row of numbers that rose by one, in the order of delivery: [[0, last]] is all, once. */
  readonly runs: [number, number][] = []
  readonly wrong: LogItem[] = []
  readonly gaps: Gap[] = []
  readonly diagnostics: string[] = []
  /** Pairs of neighbours between which numbers are missing although no gap was named there. */
  readonly unexplained: [number, number][] = []
  /** The number of the newest line, -1 before the first. */
  last = -1
  /** Connections that were made. */
  connections = 0
  verdict: Verdict | undefined
  cursor: LogCursor | undefined
  newest = 0
  readonly #o: Omit<FollowOptions, 'signal'>
  readonly #source: LogSource
  readonly #lineOf: (n: number) => string
  #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #changed = Promise.withResolvers<void>()
  #gapSince = false

  constructor(source: LogSource, options: Omit<FollowOptions, 'signal'>, lineOf = numberedLine) {
    this.#lineOf = lineOf
    this.#source = {
      open: (request) => {
        if (request.follow) this.connections++
        return source.open(request)
      },
    }
    this.#o = options
  }

  /** Begins, or continues after the last item. */
  follow(): this {
    this.#stop = new AbortController()
    this.#running = this.#run(this.#stop.signal)
    this.#running.catch(() => undefined)
    return this
  }

  /** Leaves between two items, like a process that dies. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the test stops following'))
    await this.#running.catch((error: unknown) => {
      if (error !== this.#stop.signal.reason) throw error
    })
  }

  /** Resolves when the condition holds; fails when following has ended before. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.verdict !== undefined) throw new Error(`The output ended before, with line ${this.last}`)
      await Promise.race([this.#changed.promise, this.#running])
    }
  }

  /** Resolves after the item of type `end`. */
  async end(): Promise<void> {
    await this.#running
  }

  async #run(signal: AbortSignal): Promise<void> {
    const cursor = this.cursor === undefined ? {} : { cursor: this.cursor }
    for await (const item of followLogs(this.#source, { ...this.#o, ...cursor, signal })) {
      this.#take(item)
      this.#changed.resolve()
      this.#changed = Promise.withResolvers()
    }
  }

  #take(item: LogItem): void {
    if (item.type === 'diagnostic') {
      this.diagnostics.push(`${item.code}: ${item.text}`)
      return
    }
    this.cursor = item.cursor
    if (item.type === 'end') this.verdict = item.verdict
    if (item.type === 'gap') {
      this.gaps.push(item)
      this.#gapSince = true
    }
    if (item.type !== 'line') return
    const number = Number(item.text.split(' ', 2)[1])
    if (item.text !== this.#lineOf(number)) {
      this.wrong.push(item)
      // The rest of a line whose head is lost has no number.
      if (!item.text.startsWith('line ')) return
    }
    const run = this.runs.at(-1)
    if (number !== this.last + 1 && !this.#gapSince) this.unexplained.push([this.last, number])
    if (run !== undefined && number === this.last + 1) run[1] = number
    else this.runs.push([number, number])
    this.last = number
    this.#gapSince = false
    this.newest = item.time
  }
}
