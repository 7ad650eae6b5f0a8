import { setTimeout as delay } from 'node:timers/promises'

/** Polls until there is an answer; Paperclip offers no way to wait. */
export async function eventually<T>(ask: () => Promise<T | null>, what: string, timeoutMs = 180_000): Promise<T> {
  const until = Date.now() + timeoutMs
  for (;;) {
    const found = await ask()
    if (found !== null) return found
    if (Date.now() > until) throw new Error(`${what} did not come within ${timeoutMs} ms`)
    await delay(200)
  }
}
