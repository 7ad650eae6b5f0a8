import type { TimedLine } from './stamped-lines.ts'

// What a held line costs besides its bytes.
const overheadBytes = 100

/** Lines that wait until it is known whether they are new, oldest first. */
export class HeldLines {
  readonly #maxBytes: number
  #lines: TimedLine[] = []
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0
  }

  get isOverLimit(): boolean {
    return this.#bytes > this.#maxBytes
  }

  get oldest(): TimedLine | undefined {
    return this.#lines[0]
  }

  get newest(): TimedLine | undefined {
    return this.#lines.at(-1)
  }

  /** Keeps a copy of the line, whose bytes are a view into a chunk. */
  add(line: TimedLine): void {
    const bytes = Buffer.from(line.bytes)
    this.#lines.push({ ...line, bytes })
    this.#bytes += bytes.length + overheadBytes
  }

  /** Drops the oldest lines until the others are within the limit; the newest one stays in any case. */
  trim(): void {
    while (this.isOverLimit && this.#lines.length > 1) {
      this.#bytes -= (this.#lines.shift()?.bytes.length ?? 0) + overheadBytes
    }
  }

  /** Removes and returns all lines. */
  take(): TimedLine[] {
    const lines = this.#lines
    this.drop()
    return lines
  }

  drop(): void {
    this.#lines = []
    this.#bytes = 0
  }
}
