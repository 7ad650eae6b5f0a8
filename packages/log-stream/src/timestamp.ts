const billion = 1_000_000_000n
const shape = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) $/

/**
 * Finds where a line's timestamp ends (the byte after its space), or returns -1 without one.
 * Checks the shape only, which is enough for most lines.
 */
export function stampEnd(bytes: Buffer, start: number, end: number): number {
  // `2026-11-21T09:00:00.100000000Z ` is 31 bytes, with an offset 36. A kubelet never writes fewer digits, old
  // file formats might.
  if (end - start < 21 || bytes[start + 4] !== 0x2d || bytes[start + 10] !== 0x54 || bytes[start + 13] !== 0x3a)
    return -1
  if (bytes[start + 30] === 0x20 && bytes[start + 29] === 0x5a) return start + 31
  const limit = Math.min(end, start + 36)
  for (let at = start + 20; at < limit; at++) {
    if (bytes[at] === 0x20) return at + 1
  }
  return -1
}

/** Parses the timestamp in `bytes[start, end)`, where `end` comes from {@link stampEnd}. */
export function parseStamp(bytes: Buffer, start: number, end: number): bigint | null {
  const match = shape.exec(bytes.toString('latin1', start, end))
  if (match === null) return null
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match
  const seconds =
    Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) / 1000
  if (Number.isNaN(seconds)) return null
  let offset = 0
  if (zone !== 'Z') {
    offset = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60
    if (zone.startsWith('-')) offset = -offset
  }
  return BigInt(seconds - offset) * billion + BigInt(fraction.padEnd(9, '0'))
}

const fixedLength = '2026-11-21T09:00:00.100000000Z '.length
/** Bytes of a timestamp down to its second. */
export const secondLength = '2026-11-21T09:00:00'.length

/** Parses timestamps, many of which in a row are of the same second: only their fraction is parsed. */
export class StampReader {
  readonly #second = Buffer.alloc(secondLength)
  #secondNs = 0n
  #known = false

  /** As {@link parseStamp} does. */
  read(bytes: Buffer, start: number, end: number): bigint | null {
    const isFixed = end - start === fixedLength && bytes[end - 2] === 0x5a && bytes[start + secondLength] === 0x2e
    if (!isFixed) return parseStamp(bytes, start, end)
    if (this.#known && this.#second.compare(bytes, start, start + secondLength) === 0) {
      let fraction = 0
      let at = start + secondLength + 1
      for (; at < end - 2; at++) {
        const digit = (bytes[at] ?? 0) - 0x30
        if (digit < 0 || digit > 9) return null
        fraction = fraction * 10 + digit
      }
      return this.#secondNs + BigInt(fraction)
    }
    const ns = parseStamp(bytes, start, end)
    if (ns === null) return null
    bytes.copy(this.#second, 0, start, start + secondLength)
    this.#secondNs = ns - BigInt(bytes.toString('latin1', start + secondLength + 1, end - 2))
    this.#known = true
    return ns
  }
}

/** The whole second at or before `ns`, less `overlapSeconds`, in the log server's format. */
export function sinceTime(ns: bigint, overlapSeconds: number): string {
  const seconds = Number(ns / billion) - overlapSeconds
  return `${new Date(Math.max(0, seconds) * 1000).toISOString().slice(0, 19)}Z`
}
