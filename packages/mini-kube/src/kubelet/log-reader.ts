import { closeSync, openSync, readSync, statSync } from 'node:fs'
import type { LogFile } from './log-file.ts'
import { parseCriLine, parseDockerLine } from './cri-line.ts'

export interface LogOptions {
  follow: boolean
  timestamps: boolean
  /** Nanoseconds since the epoch; lines before it are left out, one by one. */
  since: bigint | undefined
  tailLines: number | undefined
  limitBytes: number | undefined
}

interface Source {
  path: string
  /** Absent for a file that is no longer written. */
  live: LogFile | undefined
  /** Waits until the kubelet notices that the container is gone (it looks once a second). */
  noticeEnd: () => Promise<void>
}

const blockBytes = 64 * 1024
const newline = 10

/** Where the last `lines` lines begin; parts count as lines, as in the kubelet. */
function tailStart(fd: number, size: number, lines: number): number {
  if (lines === 0) return size
  const block = Buffer.alloc(blockBytes)
  let end = size
  let seen = 0
  while (end > 0) {
    const start = Math.max(0, end - blockBytes)
    const got = readSync(fd, block, 0, end - start, start)
    for (let i = got - 1; i >= 0; i--) {
      if (block[i] !== newline || start + i === size - 1) continue
      seen += 1
      if (seen === lines) return start + i + 1
    }
    end = start
  }
  return 0
}

/** Collects output up to a bound, so that a long file does not become one buffer. */
class Output {
  #parts: Buffer[] = []
  #remain: number
  readonly #options: LogOptions
  #newLine = true
  #parse: typeof parseCriLine | undefined
  full = false

  constructor(options: LogOptions) {
    this.#options = options
    this.#remain = options.limitBytes ?? Number.POSITIVE_INFINITY
  }

  /** The kubelet's logWriter: `since` drops a line, yet the next part still counts as its continuation. */
  add(line: Buffer): boolean {
    // The first line decides which of the two formats the file has.
    this.#parse ??= parseCriLine(line) === undefined ? parseDockerLine : parseCriLine
    const parsed = this.#parse(line)
    if (parsed === undefined) return false
    const { content, time, stamp } = parsed
    if (this.#options.since === undefined || time >= this.#options.since) {
      if (this.#options.timestamps && this.#newLine) this.#push(Buffer.from(`${stamp} `))
      this.#push(content)
    }
    this.#newLine = content.length === 0 || content.at(-1) === newline
    return true
  }

  #push(bytes: Buffer): void {
    if (this.full) return
    const cut = bytes.length > this.#remain ? bytes.subarray(0, this.#remain) : bytes
    this.#parts.push(cut)
    this.#remain -= cut.length
    if (this.#remain <= 0) this.full = true
  }

  take(): Buffer {
    const bytes = Buffer.concat(this.#parts)
    this.#parts = []
    return bytes
  }
}

/** A queue of file signals: what fsnotify would have buffered. */
class Signals {
  creates = 0
  dirty = false
  ended = false
  #wake: (() => void) | undefined
  readonly close: () => void

  constructor(live: LogFile) {
    this.ended = live.ended
    this.close = live.subscribe((signal) => {
      if (signal === 'create') this.creates += 1
      else if (signal === 'end') this.ended = true
      else this.dirty = true
      this.#wake?.()
    })
  }

  async next(signal: AbortSignal): Promise<void> {
    if (this.creates > 0 || this.dirty || this.ended || signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    this.#wake = undefined
  }
}

const errorText = (path: string) =>
  `failed to try resolving symlinks in path "${path}": lstat ${path}: no such file or directory`

/**
 * Reads a container's log as the kubelet does (cri-client logs.go), flaws included: only the newest file is served, the
 * watcher is made at the first end of file, and every rotation it saw makes it start the newest file once more.
 */
export async function* readLog(source: Source, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  let fd: number
  try {
    fd = openSync(source.path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    yield Buffer.from(errorText(source.path))
    return
  }
  const output = new Output(options)
  let signals: Signals | undefined
  try {
    let position = options.tailLines === undefined ? 0 : tailStart(fd, statSync(source.path).size, options.tailLines)
    let remaining = !options.follow && options.tailLines !== undefined ? options.tailLines : Number.POSITIVE_INFINITY
    let running = source.live !== undefined
    let partial: Buffer = Buffer.alloc(0)
    let first = true
    const block = Buffer.alloc(blockBytes)
    while (!signal.aborted && !output.full && remaining > 0) {
      const got = readSync(fd, block, 0, blockBytes, position)
      position += got
      let rest: Buffer =
        partial.length === 0 ? block.subarray(0, got) : Buffer.concat([partial, block.subarray(0, got)])
      for (let end = rest.indexOf(newline); end !== -1 && !output.full && remaining > 0; end = rest.indexOf(newline)) {
        const line = rest.subarray(0, end + 1)
        // A broken first line fails the whole request; later ones are skipped silently.
        const good = output.add(line)
        if (first && !good) {
          yield Buffer.concat([
            output.take(),
            Buffer.from(`failed to get parse function: unsupported log format: ${goQuote(line)}`),
          ])
          return
        }
        first = false
        if (good) remaining -= 1
        rest = rest.subarray(end + 1)
      }
      partial = Buffer.from(rest)
      const bytes = output.take()
      if (bytes.length > 0) yield bytes
      if (got > 0) continue
      if (!options.follow) {
        if (partial.length > 0) {
          output.add(partial)
          const last = output.take()
          if (last.length > 0) yield last
        }
        return
      }
      if (!running || source.live === undefined) return
      if (signals === undefined) {
        signals = new Signals(source.live)
        continue
      }
      signals.dirty = false
      if (signals.creates > 0) {
        signals.creates -= 1
        closeSync(fd)
        fd = openSync(source.path, 'r')
        position = 0
        partial = Buffer.alloc(0)
      } else if (signals.ended) {
        await source.noticeEnd()
        running = false
      } else await signals.next(signal)
    }
  } finally {
    signals?.close()
    closeSync(fd)
  }
}

const goQuote = (bytes: Buffer) => JSON.stringify(bytes.toString('utf8'))
