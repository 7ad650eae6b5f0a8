import { Alarm } from './alarm.ts'
import type { Clock } from './clock.ts'

/** How long a read may show no progress, and what ends it before. */
export interface ReadPatience {
  /** Longest wait for the next piece, in milliseconds. */
  timeoutMs: number
  signal: AbortSignal
  clock: Clock
  /** What is read, for the message. */
  name: string
}

/**
 * Hands on what `open` gives, piece by piece, and throws when the next piece takes too long or the signal fires. What is
 * slow but moves is read to its end. A read that hangs (a volume whose server is away) is left to itself: it may never
 * come back, so nobody waits for it.
 */
export async function* readPatiently<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  { timeoutMs, signal, clock, name }: ReadPatience,
): AsyncGenerator<T, void> {
  const stop = new AbortController()
  const over = new AbortController()
  const stopped = Promise.withResolvers<never>()
  // Whoever waits hears of it; when nobody does, it is no news.
  stopped.promise.catch(() => undefined)
  const end = (reason: unknown): void => {
    stopped.reject(reason)
    stop.abort(reason)
  }
  const forward = (): void => end(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', forward, { once: true })
  let movedAt = clock.now()
  async function guard(): Promise<void> {
    const alarm = new Alarm(clock)
    while (!over.signal.aborted) {
      const left = movedAt + timeoutMs - clock.now()
      if (left <= 0) return end(new Error(`${name} gave nothing for ${timeoutMs} ms`))
      await alarm.sleep(left, over.signal)
    }
  }
  const guarding = guard().catch(end)
  const iterator = open(stop.signal)[Symbol.asyncIterator]()
  let isDone = false
  try {
    while (!isDone) {
      const next = iterator.next()
      next.catch(() => undefined)
      const result = await Promise.race([next, stopped.promise])
      isDone = result.done === true
      if (result.done === true) return
      yield result.value
      // The time that the reader takes is not the source's.
      movedAt = clock.now()
    }
  } finally {
    if (!isDone) {
      const leaving = Promise.resolve(iterator.return?.()).catch(() => undefined)
      await Promise.race([leaving, stopped.promise.catch(() => undefined)])
    }
    signal.removeEventListener('abort', forward)
    over.abort()
    await guarding
  }
}
