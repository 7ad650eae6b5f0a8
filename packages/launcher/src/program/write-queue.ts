/** Writes buffers one after the other, joining queued ones. */
export interface WriteQueue {
  /** Queued bytes, including the write in progress. */
  readonly pending: number
  push(bytes: Buffer): void
  /** Resolves when everything pushed is written, or was dropped after an error. */
  settled(): Promise<void>
}

/** Creates a queue over `write`; after the first error everything is dropped and `failed` is called once. */
export function createWriteQueue(
  write: (bytes: Buffer) => Promise<void>,
  failed: (error: unknown) => void,
): WriteQueue {
  let waiting: Buffer[] = []
  let pending = 0
  let broken = false
  let running: Promise<void> | undefined
  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const bytes = Buffer.concat(waiting)
      waiting = []
      try {
        if (!broken) await write(bytes)
      } catch (error) {
        broken = true
        failed(error)
      }
      pending -= bytes.length
    }
    running = undefined
  }
  return {
    get pending() {
      return pending
    },
    push(bytes) {
      if (broken) return
      waiting.push(bytes)
      pending += bytes.length
      running ??= drain()
    },
    settled: () => running ?? Promise.resolve(),
  }
}
