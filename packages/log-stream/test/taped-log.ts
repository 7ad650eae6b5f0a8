import type { LogRequest, LogResponse, LogSource } from '../src/log-source.ts'
import { sinceTime } from '../src/timestamp.ts'
import { framedRun } from './frames.ts'
import { nineOclock } from './scenario.ts'

/** A log printed before it is read: one file of stamped lines, and where each whole second begins in it. */
export interface Tape {
  framing: 'launcher' | 'none'
  lines: readonly string[]
  bytes: Buffer
  /** Offset of the first line at or after each second, by RFC 3339. */
  seconds: ReadonlyMap<string, number>
  /** Where the last line begins. */
  lastLine: number
}

/** Where to cut a connection, after this many new bytes, and how: cleanly, by a reset, or without a word. */
export interface Cut {
  bytes: number
  how: 'fin' | 'rst' | 'half-open'
}

/** Prints lines onto a tape, `linesPerSecond` of them in each second. */
export function printTape(framing: Tape['framing'], lines: readonly string[], linesPerSecond = 10): Tape {
  const texts = lines.map((line) => Buffer.from(line))
  const physical =
    framing === 'none' ? texts : framedRun(texts.map((bytes, i) => ({ stream: i % 5 === 4 ? 'e' : 'o', bytes })))
  const step = 1_000_000_000n / BigInt(linesPerSecond)
  const pieces: Buffer[] = []
  const seconds = new Map<string, number>()
  let size = 0
  let lastLine = 0
  for (const [index, bytes] of physical.entries()) {
    const ns = nineOclock + BigInt(index) * step
    const second = sinceTime(ns, 0)
    if (!seconds.has(second)) seconds.set(second, size)
    const fraction = String(ns % 1_000_000_000n).padStart(9, '0')
    const stamp = Buffer.from(`${second.slice(0, -1)}.${fraction}Z `)
    lastLine = size
    size += stamp.length + bytes.length + 1
    pieces.push(stamp, bytes, newline)
  }
  return { framing, lines, bytes: Buffer.concat(pieces, size), seconds, lastLine }
}

const newline = Buffer.from('\n')
const pieceBytes = 16_384

/** Serves a tape, and cuts each connection that follows where `cutAfterNew` says. */
export class TapedLog implements LogSource {
  readonly #tape: Tape
  readonly #cut: (connection: number) => Cut | undefined
  #sent = 0
  /** Connections that follow, so far. */
  connections = 0
  /** Bytes of all bodies so far. */
  bytesSent = 0

  constructor(tape: Tape, cutAfterNew: (connection: number) => Cut | undefined) {
    this.#tape = tape
    this.#cut = cutAfterNew
  }

  async open({ sinceTime: since, tailLines, follow, signal }: LogRequest): Promise<LogResponse> {
    const { bytes, seconds, lastLine } = this.#tape
    let start = since === undefined ? 0 : (seconds.get(since) ?? (since < firstSecond ? 0 : bytes.length))
    if (tailLines !== undefined) start = lastLine
    const cut = follow ? this.#cut(this.connections++) : undefined
    const end = cut === undefined ? bytes.length : Math.min(bytes.length, this.#sent + cut.bytes)
    return { status: 200, headers: {}, body: this.#body(start, end, cut, signal) }
  }

  async *#body(start: number, end: number, cut: Cut | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    for (let at = start; at < end; at += pieceBytes) {
      signal.throwIfAborted()
      const piece = this.#tape.bytes.subarray(at, Math.min(end, at + pieceBytes))
      this.bytesSent += piece.length
      if (cut !== undefined) this.#sent = Math.max(this.#sent, at + piece.length)
      yield piece
    }
    if (cut?.how === 'rst') throw new Error('read ECONNRESET')
    if (cut?.how !== 'half-open') return
    signal.throwIfAborted()
    await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }
}

const firstSecond = sinceTime(nineOclock, 0)
