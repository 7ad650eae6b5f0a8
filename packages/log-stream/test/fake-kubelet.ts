import type { LogRequest, LogResponse, LogSource } from '../src/log-source.ts'

/** One line of a CRI log file. */
interface Part {
  ns: bigint
  tag: 'P' | 'F'
  bytes: Buffer
}

/** What goes wrong with one connection. */
export interface Fault {
  /** Answer with this instead of a log. */
  answer?: { status: number; headers?: Record<string, string>; body?: unknown }
  /** The connection cannot be made. */
  refuse?: true
  /** After so many bytes of the body … */
  cutAfter?: number
  /** After so many bytes that no connection was sent before … */
  cutAfterNew?: number
  /** … it ends cleanly, is reset, or nothing comes any more. Default: it is reset. */
  how?: 'fin' | 'rst' | 'half-open'
  /** This text ends the body (after `cutAfter` bytes, or after what there is), as the kubelet writes its errors. */
  words?: string
}

export interface Connection extends LogRequest {
  index: number
  at: number
}

export interface FakeKubeletOptions {
  /** Splits what is sent; default: one piece per part. */
  chunk?: (bytes: Buffer) => Buffer[]
  /** Decides what goes wrong with a connection. */
  fault?: (connection: Connection) => Fault | undefined
  now?: () => number
  /** The offset the node writes its times in, in minutes. */
  zoneMinutes?: number
}

const billion = 1_000_000_000n

function formatStamp(ns: bigint, zoneMinutes: number): string {
  const local = ns + BigInt(zoneMinutes * 60) * billion
  const date = new Date(Number(local / 1_000_000n)).toISOString().slice(0, 19)
  const fraction = (local % billion).toString().padStart(9, '0')
  if (zoneMinutes === 0) return `${date}.${fraction}Z `
  const sign = zoneMinutes < 0 ? '-' : '+'
  const minutes = Math.abs(zoneMinutes)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date}.${fraction}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)} `
}

/** Index of the first part from this time on, in a file whose times only rise. */
function firstAtOrAfter(file: readonly Part[], since: bigint): number {
  let low = 0
  let high = file.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((file[middle]?.ns ?? since) < since) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The kubelet's log endpoint for one container, with the habits that docs/kubernetes-facts.md lists: it serves the
 * newest file only, filters by whole seconds and part by part, sees no rotation before its first end of file, reads
 * the newest file once per rotation it missed, and ends bodies cleanly whatever happened.
 */
export class FakeKubelet implements LogSource {
  readonly #o: FakeKubeletOptions
  #files: Part[][] = [[]]
  #running = true
  #changes: (() => void)[] = []
  #leavings: (() => void)[] = []
  readonly connections: Connection[] = []
  /** Bytes of all bodies so far. */
  bytesSent = 0
  /** Connections that are open now. */
  openBodies = 0
  /** Whether any file's times go back, so that a time cannot be searched for. */
  #unordered = false
  #unseen = 0
  #rereads = 0
  #isHeld = false
  #sentTo = 0
  #sentOfNext = 0
  #pieceEnd = 0
  #breakers = new Set<(how: 'fin' | 'rst' | 'half-open') => void>()
  /** Resolves when the container exits. */
  readonly ended: Promise<void>
  #resolveEnded: () => void

  constructor(options: FakeKubeletOptions = {}) {
    this.#o = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#resolveEnded = resolve
  }

  /** The container wrote one part of a line. */
  write(ns: bigint, bytes: Buffer, tag: 'P' | 'F' = 'F'): void {
    const file = this.#files.at(-1)
    if (file !== undefined && (file.at(-1)?.ns ?? ns) > ns) this.#unordered = true
    file?.push({ ns, tag, bytes })
    this.#wake()
  }

  /** As containerd does it: 16 KiB parts, all but the last tagged P. */
  writeLine(ns: bigint, bytes: Buffer): void {
    let start = 0
    for (; bytes.length - start > 16_384; start += 16_384) this.write(ns, bytes.subarray(start, start + 16_384), 'P')
    this.write(ns, bytes.subarray(start), 'F')
  }

  /** Rotated before the follower's watch was made: the follower is not notified, and it stays in the renamed file. */
  rotateUnseen(): void {
    this.#unseen++
    this.rotate()
  }

  /** Makes followers read the newest file again from its start, as after a missed rotation. */
  rereadNewest(): void {
    this.#rereads++
    this.#wake()
  }

  rotate(): void {
    this.#files.push([])
    this.#wake()
  }

  /** Followers get nothing more until the returned function is called, as from a node that is too busy. */
  hold(): () => void {
    this.#isHeld = true
    return () => {
      this.#isHeld = false
      this.#wake()
    }
  }

  /** The container exits; the caller's pod status says so now, or when `say` is called. */
  exit(): void {
    this.#running = false
    this.#wake()
    this.#resolveEnded()
  }

  /** The container exits, but the pod's status does not say so yet. */
  exitSilently(): () => void {
    this.#running = false
    this.#wake()
    return this.#resolveEnded
  }

  /** Resolves when no body is open. */
  async idle(): Promise<void> {
    while (this.openBodies > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#leavings.push(resolve)
      await promise
    }
  }

  /** Breaks every open connection. */
  breakAll(how: 'fin' | 'rst' | 'half-open'): void {
    for (const breaker of this.#breakers) breaker(how)
  }

  #wake(): void {
    for (const change of this.#changes.splice(0)) change()
  }

  async open(request: LogRequest): Promise<LogResponse> {
    const connection = { ...request, index: this.connections.length, at: this.#o.now?.() ?? 0 }
    this.connections.push(connection)
    const fault = this.#o.fault?.(connection) ?? {}
    request.signal.throwIfAborted()
    if (fault.refuse === true) throw new Error('connect ECONNREFUSED')
    if (fault.answer !== undefined) {
      const { status, headers = {}, body = '' } = fault.answer
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      return {
        status,
        headers,
        body: (async function* one() {
          yield Buffer.from(text)
        })(),
      }
    }
    return { status: 200, headers: {}, body: this.#body(request, fault) }
  }

  async *#body(request: LogRequest, fault: Fault): AsyncGenerator<Uint8Array> {
    let left = fault.cutAfter ?? Infinity
    let leftNew = fault.cutAfterNew ?? Infinity
    const broken: { how?: 'fin' | 'rst' | 'half-open' } = {}
    const breaker = (how: 'fin' | 'rst' | 'half-open'): void => {
      broken.how ??= how
      this.#wake()
    }
    this.#breakers.add(breaker)
    this.openBodies++
    try {
      for await (const piece of this.#pieces(
        // An error text comes at the end of the file at the latest: the kubelet does not continue after it.
        { ...request, follow: request.follow && fault.words === undefined },
        () => broken.how !== undefined,
      )) {
        let length = Math.min(piece.length, left)
        if (request.follow && this.#pieceEnd > this.#sentTo) {
          length = Math.min(length, this.#sentOfNext + leftNew)
          leftNew -= Math.max(0, length - this.#sentOfNext)
          this.#sentOfNext = Math.max(this.#sentOfNext, length)
          if (length === piece.length) {
            this.#sentTo = this.#pieceEnd
            this.#sentOfNext = 0
          }
        }
        const bytes = piece.subarray(0, length)
        left -= bytes.length
        for (const chunk of this.#o.chunk?.(bytes) ?? [bytes]) {
          request.signal.throwIfAborted()
          this.bytesSent += chunk.length
          if (chunk.length > 0) yield chunk
        }
        if (left <= 0 || leftNew <= 0) broken.how ??= fault.how ?? (fault.words === undefined ? 'rst' : 'fin')
        if (broken.how !== undefined) break
      }
      if (fault.words !== undefined) yield Buffer.from(fault.words)
      request.signal.throwIfAborted()
      if (broken.how === 'rst') throw new Error('read ECONNRESET')
      if (broken.how === 'half-open') await this.#never(request.signal)
    } finally {
      this.openBodies--
      for (const notify of this.#leavings.splice(0)) notify()
      this.#breakers.delete(breaker)
    }
  }

  #never(signal: AbortSignal): Promise<never> {
    signal.throwIfAborted()
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }

  async #changed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#changes.push(resolve)
    signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    signal.throwIfAborted()
  }

  async *#pieces(request: LogRequest, isBroken: () => boolean): AsyncGenerator<Buffer> {
    const since = request.sinceTime === undefined ? undefined : BigInt(Date.parse(request.sinceTime)) * 1_000_000n
    let fileIndex = this.#files.length - 1
    const tail = request.tailLines
    let at = tail === undefined ? 0 : Math.max(0, (this.#files[fileIndex]?.length ?? 0) - tail)
    const newest = this.#files[fileIndex] ?? []
    if (since !== undefined && tail === undefined && !this.#unordered) at = firstAtOrAfter(newest, since)
    let isNewLine = at === 0 || tail !== undefined || newest[at - 1]?.tag !== 'P'
    // The watcher is made at the first end of file: what was rotated before is never noticed (docs/kubernetes-facts.md#log-rotation).
    let watchedFrom: number | undefined
    for (;;) {
      const file = this.#files[fileIndex] ?? []
      const part = file[at]
      if (part !== undefined) {
        while (request.follow && this.#isHeld) await this.#changed(request.signal)
        at++
        const wanted = since === undefined || part.ns >= since
        const pieces: Buffer[] = []
        if (wanted) {
          if (isNewLine) pieces.push(Buffer.from(formatStamp(part.ns, this.#o.zoneMinutes ?? 0)))
          pieces.push(part.bytes)
          if (part.tag === 'F') pieces.push(Buffer.from('\n'))
        }
        isNewLine = part.tag === 'F'
        this.#pieceEnd = fileIndex * 1e9 + at
        if (wanted) yield Buffer.concat(pieces)
        if (isBroken()) return
        continue
      }
      if (!request.follow) return
      if (watchedFrom !== undefined && this.#files.length + this.#rereads - this.#unseen > watchedFrom) {
        // One event per rotation, each of which opens the newest file from its start.
        watchedFrom++
        fileIndex = this.#files.length - 1
        at = 0
        continue
      }
      watchedFrom ??= this.#files.length + this.#rereads - this.#unseen
      if (!this.#running || isBroken()) return
      await this.#changed(request.signal)
      if (isBroken()) return
    }
  }
}
