import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export type LogStreamName = 'stdout' | 'stderr'
/** What a follower sees: new bytes, or a new file with the same name. */
export type LogSignal = 'write' | 'create' | 'end'

/** containerd splits a line after this many bytes (max_container_log_line_size). */
export const partBytes = 16_384

const newline = 10
const carriageReturn = 13

/** Gives every line its own time, rising within a stream, in nanoseconds. */
export class LineClock {
  readonly #now: () => number
  #last = 0n

  constructor(now: () => number) {
    this.#now = now
  }

  next(): bigint {
    const fraction = BigInt(Math.floor((performance.now() % 1) * 1_000_000))
    const stamp = BigInt(Math.floor(this.#now())) * 1_000_000n + fraction
    // Measured: lines of one burst are about 2.5 µs apart and never share a time. A step back of the clock shows.
    const tooClose = stamp <= this.#last && this.#last - stamp < 1_000_000_000n
    this.#last = tooClose ? this.#last + 2_500n : stamp
    return this.#last
  }
}

/** RFC3339Nano as Go writes it: zeros at the end are left out. */
function nanoTime(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1_000).toISOString().slice(0, 19)
  const fraction = String(ns % 1_000_000_000n)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return fraction === '' ? `${seconds}Z` : `${seconds}.${fraction}Z`
}

/** Cuts one stream into CRI lines: whole lines are F, parts of more than 16 KiB are P. */
class Splitter {
  #held: Buffer[] = []
  #size = 0
  readonly #emit: (tag: 'P' | 'F', content: Buffer) => void

  constructor(emit: (tag: 'P' | 'F', content: Buffer) => void) {
    this.#emit = emit
  }

  push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) {
      const end = rest.indexOf(newline)
      const line = end === -1 ? rest : rest.subarray(0, end)
      this.#hold(line)
      if (end === -1) return
      this.#finish()
      rest = rest.subarray(end + 1)
    }
  }

  #hold(bytes: Buffer): void {
    let rest = bytes
    // A line of exactly 16,384 bytes is one F; the P is written when one byte more arrives.
    while (this.#size + rest.length > partBytes) {
      const room = partBytes - this.#size
      this.#held.push(rest.subarray(0, room))
      this.#emit('P', Buffer.concat(this.#held))
      this.#held = []
      this.#size = 0
      rest = rest.subarray(room)
    }
    if (rest.length > 0) {
      this.#held.push(Buffer.from(rest))
      this.#size += rest.length
    }
  }

  #finish(): void {
    const line = Buffer.concat(this.#held)
    this.#held = []
    this.#size = 0
    this.#emit('F', line.at(-1) === carriageReturn ? line.subarray(0, -1) : line)
  }

  end(): void {
    if (this.#size === 0) return
    const line = Buffer.concat(this.#held)
    this.#held = []
    this.#size = 0
    this.#emit('P', line)
  }
}

/** One container's log on disk in the CRI format, with rotation as the kubelet does it. */
export class LogFile {
  readonly path: string
  readonly #clocks: Record<LogStreamName, LineClock>
  readonly #splitters: Record<LogStreamName, Splitter>
  readonly #listeners = new Set<(signal: LogSignal) => void>()
  readonly #rotateBytes: number
  #fd: number | undefined
  #size = 0
  #pending: Buffer[] = []
  #rotations = 0
  #ended = false

  constructor(path: string, now: () => number, { rotateBytes = 10 * 1024 * 1024 }: { rotateBytes?: number } = {}) {
    this.path = path
    this.#rotateBytes = rotateBytes
    mkdirSync(dirname(path), { recursive: true })
    this.#fd = openSync(path, 'a')
    this.#clocks = { stdout: new LineClock(now), stderr: new LineClock(now) }
    const splitter = (stream: LogStreamName) =>
      new Splitter((tag, content) => {
        this.#pending.push(
          Buffer.from(`${nanoTime(this.#clocks[stream].next())} ${stream} ${tag} `),
          content,
          Buffer.of(newline),
        )
      })
    this.#splitters = { stdout: splitter('stdout'), stderr: splitter('stderr') }
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Bytes of the newest file. */
  get size(): number {
    return this.#size
  }

  write(stream: LogStreamName, chunk: Buffer): void {
    if (this.#fd === undefined) return
    this.#splitters[stream].push(chunk)
    this.#flush()
    if (this.#size > this.#rotateBytes) this.rotate()
  }

  /** Puts ready-made CRI lines into the file, for recorded and damaged logs. */
  writeRaw(bytes: Buffer): void {
    this.#pending.push(bytes)
    this.#flush()
  }

  #flush(): void {
    if (this.#pending.length === 0 || this.#fd === undefined) return
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at)
    this.#size += bytes.length
    this.#signal('write')
  }

  /** Renames the file and starts a new one; of the old ones only the last two stay. */
  rotate(): void {
    if (this.#fd === undefined) return
    closeSync(this.#fd)
    this.#rotations += 1
    renameSync(this.path, `${this.path}.${String(this.#rotations).padStart(6, '0')}`)
    rmSync(`${this.path}.${String(this.#rotations - 2).padStart(6, '0')}`, { force: true })
    this.#fd = openSync(this.path, 'a')
    this.#size = 0
    this.#signal('create')
  }

  /**
   * What a follower sees when it lags behind rotations: the newest file once more from its start for each of them
   * (docs/kubernetes-facts.md#log-rotation). The files it skipped on the way are gone.
   */
  repeat(times: number): void {
    for (let i = 0; i < times; i++) this.#signal('create')
  }

  /** Removes the last bytes of the newest file: what a crash of the runtime loses. */
  truncateTail(bytes: number): void {
    this.#size = Math.max(0, this.#size - bytes)
    truncateSync(this.path, this.#size)
  }

  /** The container has exited; an unfinished line is written as a part. */
  end(): void {
    if (this.#fd === undefined) return
    this.#splitters.stdout.end()
    this.#splitters.stderr.end()
    this.#flush()
    closeSync(this.#fd)
    this.#fd = undefined
    this.#ended = true
    this.#signal('end')
  }

  /** Removes the file, as a node under disk pressure does. */
  remove(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
    this.#ended = true
    if (existsSync(this.path)) rmSync(this.path)
    this.#signal('end')
  }

  subscribe(listener: (signal: LogSignal) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #signal(signal: LogSignal): void {
    for (const listener of this.#listeners) listener(signal)
  }
}
