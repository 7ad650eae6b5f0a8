import { Spillway } from './spillway.ts'
import type { SpoolBudget } from './spool-budget.ts'

/** How much may wait for a slow consumer, and where. */
export interface SpoolOptions {
  /** Bytes of items kept in memory. */
  memoryBytes: number
  /** Bytes of items kept in a temporary file beyond that; 0 for none. */
  diskBytes: number
  /** Where the temporary file is made. */
  directory: string
  /** What all followers of the process share. */
  budget?: SpoolBudget | undefined
}

/**
 * A queue between a producer that must not wait and a consumer that may be slow: in memory up to a limit, then in a
 * temporary file up to a limit; at that one {@link Spool.room} makes the producer wait.
 */
export class Spool<T> implements AsyncIterableIterator<T> {
  readonly #o: SpoolOptions
  readonly #onReturn: () => Promise<void>
  #queue: T[] = []
  #head = 0
  #sizes: number[] = []
  #memoryBytes = 0
  #spillway: Spillway | undefined
  #spilled = 0
  #broken: unknown
  #closed = false
  #failure: { error: unknown } | undefined
  readonly #waiting: PromiseWithResolvers<IteratorResult<T>>[] = []
  #roomWaiters: (() => void)[] = []
  #refilling: Promise<void> | undefined

  constructor(options: SpoolOptions, onReturn: () => Promise<void>) {
    this.#o = options
    this.#onReturn = onReturn
  }

  /** Bytes of items in memory now. */
  get memoryBytes(): number {
    return this.#memoryBytes
  }

  /** Why the temporary file cannot be used, if so. */
  get broken(): unknown {
    return this.#broken
  }

  push(item: T, bytes: number): void {
    // The waiting consumer has found nothing, in memory and on disk.
    if (this.#waiting.length > 0) {
      this.#waiting.shift()?.resolve({ value: item, done: false })
      return
    }
    const overflows = this.#memoryBytes + bytes > this.#o.memoryBytes && this.#memoryBytes > 0
    const canSpill = this.#o.diskBytes > 0 && this.#broken === undefined
    // Keep the order: while the file contains anything, newer items go after it.
    if (this.#spilled > 0 || (overflows && canSpill)) {
      this.#spillway ??= new Spillway(this.#o.directory, this.#o.budget)
      this.#spillway.append(JSON.stringify(item))
      this.#spilled++
      return
    }
    this.#queue.push(item)
    this.#sizes.push(bytes)
    this.#memoryBytes += bytes
  }

  /** Whether the producer should wait for {@link room} before it pushes more. */
  get full(): boolean {
    if (this.#spillway !== undefined && this.#spilled > 0) return this.#spillway.pendingBytes > 0
    return this.#memoryBytes > this.#o.memoryBytes
  }

  /**
   * Resolves when more may be pushed: at once after writing to the file, and only after the consumer took
   * something when both limits are reached or the file cannot be written. `onWait` is called in that last case.
   */
  async room(signal: AbortSignal, onWait: () => void): Promise<void> {
    const spillway = this.#spillway
    if (spillway !== undefined && this.#spilled > 0 && this.#broken === undefined) {
      try {
        await spillway.flush()
      } catch (error) {
        this.#broken = error
      }
      if (this.#broken === undefined && this.#hasDisk(spillway)) return
    } else if (!this.full) return
    onWait()
    while (!signal.aborted && !this.#closed && !this.#hasRoom()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const onAbort = (): void => resolve()
      this.#roomWaiters.push(resolve)
      signal.addEventListener('abort', onAbort, { once: true })
      await promise
      signal.removeEventListener('abort', onAbort)
    }
  }

  #hasDisk({ fileBytes }: Spillway): boolean {
    return fileBytes < this.#o.diskBytes && (this.#o.budget?.hasRoom ?? true)
  }

  #hasRoom(): boolean {
    return this.#spilled === 0 && this.#memoryBytes <= this.#o.memoryBytes / 2
  }

  /** Nothing follows. Waiting items are still delivered. */
  close(): void {
    this.#closed = true
    this.#settle()
  }

  /** Nothing follows but this error, after all waiting items. */
  fail(error: unknown): void {
    this.#failure = { error }
    this.close()
  }

  /** Nothing follows but this error; waiting items are dropped. */
  abort(error: unknown): void {
    this.#clear()
    this.fail(error)
  }

  #clear(): void {
    this.#queue = []
    this.#sizes = []
    this.#head = 0
    this.#memoryBytes = 0
    this.#spilled = 0
  }

  #settle(): void {
    for (const waiting of this.#waiting.splice(0)) this.#end().then(waiting.resolve, waiting.reject)
  }

  async #end(): Promise<IteratorResult<T>> {
    await this.#spillway?.remove()
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure.error
    return { value: undefined, done: true }
  }

  #take(): T | undefined {
    const item = this.#queue[this.#head]
    if (item === undefined) return undefined
    this.#memoryBytes -= this.#sizes[this.#head] ?? 0
    this.#head++
    if (this.#head === this.#queue.length) {
      this.#queue = []
      this.#sizes = []
      this.#head = 0
    } else if (this.#head >= 1_024) {
      this.#queue = this.#queue.slice(this.#head)
      this.#sizes = this.#sizes.slice(this.#head)
      this.#head = 0
    }
    if (this.#roomWaiters.length > 0 && this.#hasRoom()) {
      for (const resolve of this.#roomWaiters.splice(0)) resolve()
    }
    return item
  }

  next(): Promise<IteratorResult<T>> {
    const item = this.#take()
    if (item !== undefined) return Promise.resolve({ value: item, done: false })
    if (this.#spilled > 0) return this.#nextFromFile()
    if (this.#closed) return this.#end()
    const waiting = Promise.withResolvers<IteratorResult<T>>()
    this.#waiting.push(waiting)
    return waiting.promise
  }

  async #nextFromFile(): Promise<IteratorResult<T>> {
    this.#refilling ??= this.#refill().finally(() => {
      this.#refilling = undefined
    })
    await this.#refilling
    return this.next()
  }

  async #refill(): Promise<void> {
    const spillway = this.#spillway
    if (spillway === undefined) return
    const texts = await spillway.take(Math.min(this.#o.memoryBytes, 262_144))
    for (const text of texts) {
      // The spool may have been cleared in the meantime, leaving nothing to take.
      if (this.#spilled === 0) break
      this.#queue.push(JSON.parse(text) as T)
      this.#sizes.push(text.length)
      this.#memoryBytes += text.length
      this.#spilled--
    }
    if (this.#spilled === 0) await spillway.reset()
  }

  async return(): Promise<IteratorResult<T>> {
    this.#closed = true
    this.#clear()
    this.#failure = undefined
    for (const resolve of this.#roomWaiters.splice(0)) resolve()
    await this.#onReturn()
    await this.#spillway?.remove()
    this.#settle()
    return { value: undefined, done: true }
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
