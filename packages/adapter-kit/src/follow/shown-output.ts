import type { Agent } from '@agent-jobs/agent-run'
import { createReadableLog } from '@agent-jobs/agent-run/readable-log'
import type { LogRelay } from './log-relay.ts'

// An event that is longer holds a file or an image; it is not kept in memory to be shown.
const maxEventChars = 1024 * 1024

/** A relay that shows an agent's events as lines that people read; standard error and lines of the kit pass unchanged. */
export function readableRelay(
  relay: LogRelay,
  transcript: Agent['transcript'],
  now: () => number = Date.now,
): LogRelay {
  const log = createReadableLog()
  let parts: string[] = []
  let chars = 0
  return {
    async line(stream, text, { goesOn = false } = {}) {
      if (stream === 'stderr') return relay.line(stream, text, { goesOn })
      chars += text.length
      if (chars <= maxEventChars) parts.push(text)
      if (goesOn) return undefined
      const line = parts.join('')
      const size = chars
      parts = []
      chars = 0
      if (size > maxEventChars) return relay.line('stdout', `(an event of ${size} characters)`)
      const entries = transcript(line, new Date(now()).toISOString())
      for (const shown of log.lines(entries)) await relay.line('stdout', shown)
      return undefined
    },
  }
}
