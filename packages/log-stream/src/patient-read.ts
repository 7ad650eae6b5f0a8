import { Alarm } from './alarm.ts'
import type { Clock } from '@agent-jobs/primitives'

/** How long a read may show no progress, and what ends it before. */
export interface ReadPatience {
  /** Longest wait for the next piece, in milliseconds. */
  timeoutMs: number
  signal: AbortSignal
  clock: Pick<Clock, 'sleep'>
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
  signal.throwIfAborted()
  const stop = new AbortController()
  const stopped = Promise.withResolvers<never>()
  // Whoever waits hears of it; when nobody does, it is no news.
  stopped.promise.catch(() => undefined)
  const end = (reason: unknown): void => {
    stopped.reject(reason)
    stop.abort(reason)
  }
  const forward = (): void => end(signal.reason)
  signal.addEventListener('abort', forward, { once: true })

  async function giveUpLate(over: AbortSignal): Promise<void> {
    await new Alarm(clock).sleep(timeoutMs, over)
    if (!over.aborted) end(new Error(`${name} gave nothing for ${timeoutMs} ms`))
  }

  /** Waits for one step of the source, and no longer than that is worth. The time its reader takes is not the source's. */
  async function patiently<R>(step: Promise<R>): Promise<R> {
    const over = new AbortController()
    const watching = giveUpLate(over.signal)
    try {
      return await Promise.race([step, stopped.promise])
    } finally {
      over.abort()
      await watching
    }
  }

  const iterator = open(stop.signal)[Symbol.asyncIterator]()
  let isDone = false
  try {
    for (;;) {
      const result = await patiently(iterator.next())
      isDone = result.done === true
      if (result.done === true) return
      yield result.value
    }
  } finally {
    // Nothing more is wanted of the source, so neither its failure nor its silence is of interest.
    if (!isDone) await patiently(Promise.resolve(iterator.return?.())).catch(() => undefined)
    signal.removeEventListener('abort', forward)
  }
}
