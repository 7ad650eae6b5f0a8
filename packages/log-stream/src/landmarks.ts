const everyBytes = 65_536
const capacity = 1_024

/** One line in every 64 KiB of what was delivered, for the last 64 MiB: proof that a file was read before. */
export class Landmarks {
  readonly #lines: { ns: bigint; high: number; low: number }[] = []
  #next = 0
  #bytes = everyBytes

  /** Records a delivered line. */
  pass(bytes: number, line: { ns: bigint; high: number; low: number }): void {
    this.#bytes += bytes
    if (this.#bytes < everyBytes) return
    this.#bytes = 0
    const { ns, high, low } = line
    this.#lines[this.#next] = { ns, high, low }
    this.#next = (this.#next + 1) % capacity
  }

  has({ ns, high, low }: { ns: bigint; high: number; low: number }): boolean {
    return this.#lines.some((line) => line.ns === ns && line.high === high && line.low === low)
  }
}
