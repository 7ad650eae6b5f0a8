import { formatHash } from './line-hash.ts'
import { type LogPlace, requestedNs } from './log-place.ts'
import { type StampedLine, StampedLines } from './stamped-lines.ts'
import { parseStamp, stampEnd } from './timestamp.ts'
import type { Newest } from './tracker.ts'

const newline = 0x0a
// containerd cuts lines at 16 KiB, CRI-O at 8 KiB.
const partBytes = 8_192
const probeBytes = 1_048_576
const probesBeforeDoubt = 60

/** Judges what `tailLines=1` returns while a connection is silent. */
export class NewestProbe {
  readonly #place: LogPlace
  #latest = ''
  #repetitions = 0

  constructor(place: LogPlace) {
    this.#place = place
  }

  judge(body: Uint8Array): Newest {
    const { ns, high, low } = lastLine(body) ?? { ns: null, high: 0, low: 0 }
    if (ns === null || this.#place.recent.find(0, ns, high, low) >= 0) return 'same'
    const answer = this.#isHidden(ns) ? 'hidden' : 'newer'
    // `tailLines` counts parts: of a long line it returns the last part, with its own time
    // (docs/kubernetes-facts.md#long-lines-in-a-log).
    // What an earlier probe found, and a new connection did not, is such a part.
    const key = `${this.#place.seq} ${ns} ${formatHash(high, low)}`
    if (key !== this.#latest) {
      this.#latest = key
      this.#repetitions = 0
      return answer
    }
    // The new connection may also have been dead from its start: that is retried every half hour.
    this.#repetitions++
    return this.#repetitions % probesBeforeDoubt === 0 ? answer : 'same'
  }

  /** Whether a request by time would leave the line out. */
  #isHidden(ns: bigint): boolean {
    const since = this.#place.resumeTime
    return since !== undefined && ns < requestedNs(since)
  }
}

function lastLine(body: Uint8Array): StampedLine | undefined {
  const seen: StampedLine[] = []
  new StampedLines(probeBytes, { line: (line) => seen.push(line), piece: () => undefined }).push(body)
  return seen.at(-1)
}

/** Whether the answer to a `tailLines=1` probe ends with a newline. */
export function isTerminated(probe: Uint8Array): boolean {
  return probe.at(-1) === newline
}

/** Whether the answer to a `tailLines=1` probe is this line, or the last part of it. */
export function isSameLine(answer: Uint8Array, line: Pick<StampedLine, 'ns' | 'bytes'> | undefined): boolean {
  const probe = Buffer.from(answer)
  const behind = stampEnd(probe, 0, probe.length)
  const ns = behind < 0 ? null : parseStamp(probe, 0, behind)
  if (ns === null || line === undefined || line.ns === null) return false
  const bytes = probe.subarray(behind, isTerminated(probe) ? -1 : undefined)
  if (line.ns === ns) return line.bytes.equals(bytes)
  // Of a line of several parts the probe has only the last one, with its own time.
  const head = line.bytes.length - bytes.length
  return ns > line.ns && head > 0 && head % partBytes === 0 && line.bytes.subarray(head).equals(bytes)
}
