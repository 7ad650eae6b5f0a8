import type { Alarm } from './alarm.ts'
import type { ResolvedOptions } from './follow-options.ts'
import type { LogSource } from './log-source.ts'
import type { Tracker } from './tracker.ts'

/** State that connections to the same log share. */
export interface ConnectionContext {
  source: LogSource
  options: ResolvedOptions
  tracker: Tracker
  /** Whether the caller reported the container's end, and since when. */
  endedAt: () => number | undefined
  /** Registers the guard's alarm, to be woken when the container ends. */
  onAlarm: (alarm: Alarm | undefined) => void
  /** Waits until delivered items have room. */
  room: () => Promise<void>
}
