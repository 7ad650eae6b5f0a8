import { type Clock, firstOf, openAbortScope } from '@agent-jobs/primitives'

/** How long a read may make no progress, and what aborts it. */
export interface ReadPatience {
  /** Longest wait for the next piece, in milliseconds. */
  timeoutMs: number
  signal: AbortSignal
  clock: Pick<Clock, 'sleep'>
  /** What is being read, for the error message. */
  name: string
}

/**
 * Passes on what `open` yields, piece by piece, and throws when the next piece takes too long or the signal aborts. A slow
 * source that makes progress is read to its end. A read that hangs (a volume whose server is away) is abandoned: it may
 * never return, so nothing waits for it.
 */
export async function* readPatiently<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  { timeoutMs, signal, clock, name }: ReadPatience,
): AsyncGenerator<T, void> {
  signal.throwIfAborted()
  using scope = openAbortScope(signal)

  async function giveUpLate(over: AbortSignal): Promise<never> {
    await clock.sleep(timeoutMs, over)
    throw new Error(`${name} gave nothing for ${timeoutMs} ms`)
  }

  /** Waits for one step of the source. The time that the reader takes between two steps does not count. */
  function patiently<R>(step: () => Promise<R>): Promise<R> {
    return firstOf<R>([step, giveUpLate], scope.signal)
  }

  const iterator = open(scope.signal)[Symbol.asyncIterator]()
  let isDone = false
  try {
    for (;;) {
      const result = await patiently(() => iterator.next())
      isDone = result.done === true
      if (result.done === true) return
      yield result.value
    }
  } catch (error) {
    scope.abort(error)
    throw error
  } finally {
    if (!isDone && !scope.signal.aborted) await leave(() => patiently(async () => iterator.return?.()))
  }
}

/** The source is no longer needed, so its failure changes nothing. */
async function leave(end: () => Promise<unknown>): Promise<void> {
  await Promise.allSettled([end()])
}
