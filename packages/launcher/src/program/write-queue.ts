/** Writes buffers one after the other, joining those that wait. */
export interface WriteQueue {
  /** Bytes that wait, the write under way included. */
  readonly pending: number
  push(bytes: Buffer): void
  /** Resolves when all that was pushed is written, or was dropped after an error. */
  settled(): Promise<void>
}

/** Makes a queue over `write`; after the first error everything is dropped and `failed` is called once. */
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
