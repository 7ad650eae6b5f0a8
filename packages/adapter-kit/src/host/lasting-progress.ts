import type { Clock } from '@agent-jobs/primitives'
import type { PaperclipHost } from './paperclip-host.ts'

// Paperclip forgets a status after 90 s, and cuts its text at 180 characters (docs/paperclip-facts.md#run-status).
const repeatMs = 60_000
const maxChars = 180

/** Reports what a run does, for as long as it does it. */
export interface LastingProgress extends AsyncDisposable {
  /**
   * Shows a status with the time since when it holds, and repeats it until the next one. A `passing` status is shown once: the
   * agent's output replaces it.
   */
  show(message: string, o?: { passing?: boolean }): void
}

/** Shows the status of one run in Paperclip. Disposing it ends the repetition. */
export function lastingProgress(host: Pick<PaperclipHost, 'progress'>, clock: Clock): LastingProgress {
  const closed = new AbortController()
  let current: { message: string; text: string; stop: AbortController } | null = null
  const repeating = new Set<Promise<void>>()
  const repeat = async (text: string, signal: AbortSignal): Promise<void> => {
    try {
      for (;;) {
        await clock.sleep(repeatMs, signal)
        host.progress({ phase: 'adapter_startup', message: text })
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
  return {
    show(message, { passing = false } = {}) {
      if (current?.message === message || closed.signal.aborted) return
      current?.stop.abort()
      const text = statusText(message, clock.wallTime())
      const stop = new AbortController()
      current = { message, text, stop }
      host.progress({ phase: 'adapter_startup', message: text })
      if (passing) return
      const repeated = repeat(text, AbortSignal.any([stop.signal, closed.signal])).finally(() =>
        repeating.delete(repeated),
      )
      repeating.add(repeated)
    },
    async [Symbol.asyncDispose]() {
      closed.abort()
      await Promise.all(repeating)
    },
  }
}

function statusText(message: string, since: number): string {
  const suffix = ` (since ${new Date(since).toISOString().slice(11, 19)} UTC)`
  const room = maxChars - suffix.length
  const text = message.replaceAll(/\s+/g, ' ').trim()
  return (text.length <= room ? text : `${text.slice(0, room - 1)}…`) + suffix
}
