const least = 16
const billion = 1_000_000_000n

/**
 * The latest delivered lines, as (nanoseconds, hash), oldest first: every line of the overlap window, at most
 * `capacity`. 16 bytes a line.
 */
export class RecentLines {
  readonly #capacity: number
  readonly #windowNs: bigint
  #ns = new BigInt64Array(least)
  #hash = new Uint32Array(least * 2)
  #start = 0
  #length = 0
  #before = 0

  constructor(o: { capacity: number; overlapSeconds: number }) {
    this.#capacity = Math.max(least, o.capacity)
    this.#windowNs = BigInt(o.overlapSeconds) * billion
  }

  get length(): number {
    return this.#length
  }

  /** How many lines with the timestamp of the oldest kept line came before it. */
  get before(): number {
    return this.#before
  }

  #slot(index: number): number {
    return (this.#start + index) % this.#ns.length
  }

  ns(index: number): bigint {
    return this.#ns[this.#slot(index)] ?? 0n
  }

  /** Starts from a persisted cursor: one line, and how many lines of its nanosecond came before it. */
  restore(ns: bigint, high: number, low: number, before: number): void {
    this.push(ns, high, low)
    this.#before = before
  }

  push(ns: bigint, high: number, low: number): void {
    const oldest = ns - (ns % billion) - this.#windowNs
    while (this.#length > least && this.ns(0) < oldest) this.#shift()
    if (this.#length === this.#ns.length) {
      if (this.#length >= this.#capacity) this.#shift()
      else this.#grow()
    }
    const slot = this.#slot(this.#length)
    this.#ns[slot] = ns
    this.#hash[slot * 2] = high
    this.#hash[slot * 2 + 1] = low
    this.#length++
  }

  /** Index of this very line among those kept from `from` on, or -1. */
  find(from: number, ns: bigint, high: number, low: number): number {
    for (let index = from; index < this.#length; index++) {
      const slot = this.#slot(index)
      if (this.#ns[slot] === ns && this.#hash[slot * 2] === high && this.#hash[slot * 2 + 1] === low) return index
    }
    return -1
  }

  #shift(): void {
    const gone = this.ns(0)
    this.#start = (this.#start + 1) % this.#ns.length
    this.#length--
    this.#before = this.#length > 0 && this.ns(0) === gone ? this.#before + 1 : 0
  }

  #grow(): void {
    const size = Math.min(this.#capacity, this.#ns.length * 2)
    const ns = new BigInt64Array(size)
    const hash = new Uint32Array(size * 2)
    for (let index = 0; index < this.#length; index++) {
      const slot = this.#slot(index)
      ns[index] = this.#ns[slot] ?? 0n
      hash[index * 2] = this.#hash[slot * 2] ?? 0
      hash[index * 2 + 1] = this.#hash[slot * 2 + 1] ?? 0
    }
    this.#ns = ns
    this.#hash = hash
    this.#start = 0
  }
}
