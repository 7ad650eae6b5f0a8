/** A 64-bit hash over the bytes of a line, fed piece by piece. Together with a nanosecond it identifies one line. */
export class LineHash {
  #a = 0x811c9dc5
  #b = 0x9e3779b9
  #length = 0

  /** Takes the bytes from `start` to `end`. */
  add(bytes: Uint8Array, start: number, end: number): void {
    let a = this.#a
    let b = this.#b
    for (let i = start; i < end; i++) {
      const byte = bytes[i] ?? 0
      a = Math.imul(a ^ byte, 0x01000193)
      b = Math.imul(b ^ byte, 0x85ebca6b) + (b >>> 15)
    }
    this.#a = a
    this.#b = b
    this.#length += end - start
  }

  /** Returns both halves as unsigned 32-bit numbers and resets. */
  finish(): [high: number, low: number] {
    const high = mix(this.#a ^ this.#length)
    const low = mix(this.#b + this.#length)
    this.#a = 0x811c9dc5
    this.#b = 0x9e3779b9
    this.#length = 0
    return [high, low]
  }
}

function mix(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** A hash as 16 hexadecimal digits. */
export function formatHash(high: number, low: number): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}

/** Parses the output of {@link formatHash}. */
export function parseHash(text: string): [high: number, low: number] {
  return [Number.parseInt(text.slice(0, 8), 16), Number.parseInt(text.slice(8, 16), 16)]
}
