import { RunError } from './run-error.ts'

/** A bounded channel with one reader. */
export interface EventChannel<T> extends AsyncIterable<T> {
  /** Adds an item without waiting. For rare items. */
  push(item: T): void
  /** Adds an item; waits while the channel is full and has a reader. */
  send(item: T, signal: AbortSignal): Promise<void>
  /** No more items: the reader ends after the last one. */
  close(): void
}

/**
 * Makes a channel of at most `limit` items. When it is full, writers wait for the reader. Without a reader, and after
 * it has left, writers do not wait: the oldest items are dropped, and `dropped` makes the item that reports how many.
 */
export function createEventChannel<T>(limit: number, dropped: (count: number) => T): EventChannel<T> {
  const items: T[] = []
  let lost = 0
  let reader: 'none' | 'reading' | 'left' = 'none'
  let closed = false
  let wakeReader: (() => void) | undefined
  const writers = new Set<() => void>()

  function add(item: T): void {
    if (closed || reader === 'left') return
    items.push(item)
    if (reader === 'none' && items.length > limit) {
      items.shift()
      lost += 1
    }
    wakeReader?.()
  }
  const mustWait = (): boolean => reader === 'reading' && items.length >= limit && !closed
  function releaseWriters(): void {
    for (const release of writers) release()
    writers.clear()
  }
  function room(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const release = (): void => {
        signal.removeEventListener('abort', abort)
        resolve()
      }
      const abort = (): void => {
        writers.delete(release)
        reject(signal.reason)
      }
      writers.add(release)
      signal.addEventListener('abort', abort, { once: true })
    })
  }
  async function* read(): AsyncGenerator<T, void> {
    try {
      for (;;) {
        if (lost > 0) {
          const count = lost
          lost = 0
          yield dropped(count)
          continue
        }
        const item = items.shift()
        if (item !== undefined) {
          if (items.length < limit) releaseWriters()
          yield item
        } else if (closed) return
        else {
          await new Promise<void>((resolve) => {
            wakeReader = resolve
          })
          wakeReader = undefined
        }
      }
    } finally {
      reader = 'left'
      items.length = 0
      releaseWriters()
    }
  }
  return {
    push: add,
    async send(item, signal) {
      while (mustWait()) {
        signal.throwIfAborted()
        await room(signal)
      }
      add(item)
    },
    close() {
      closed = true
      releaseWriters()
      wakeReader?.()
    },
    [Symbol.asyncIterator]() {
      if (reader !== 'none') {
        throw new RunError('events_taken', 'The events of this handle are read already. Read them in one place.')
      }
      reader = 'reading'
      return read()
    },
  }
}
