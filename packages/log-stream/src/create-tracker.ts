import { Alarm } from './alarm.ts'
import type { ResolvedOptions } from './follow-options.ts'
import { LauncherTracker } from './launcher-tracker.ts'
import { StampTracker } from './stamp-tracker.ts'
import type { Emit, Tracker } from './tracker.ts'

/** One reading of the journal may take so long and no longer: a stuck volume must not stop the follower. */
function journalSignal(options: ResolvedOptions): { signal: AbortSignal; done: () => void } {
  const late = new AbortController()
  const over = new AbortController()
  const timer = new Alarm(options.clock).sleep(options.journalTimeoutMs, over.signal)
  timer.then(
    () => late.abort(new Error(`the journal took longer than ${options.journalTimeoutMs} ms`)),
    (error: unknown) => late.abort(error),
  )
  return { signal: AbortSignal.any([late.signal, options.signal]), done: () => over.abort() }
}

/** Makes the tracker for the framing and the cursor. */
export function createTracker(options: ResolvedOptions, emit: Emit): Tracker {
  const { cursor, journal, framing, maxLineBytes, longLines, overlapSeconds } = options
  const shared = { maxLineBytes, longLines, overlapSeconds, emit }
  if (framing === 'launcher') {
    return new LauncherTracker({
      ...shared,
      ...(cursor?.framing === 'launcher' ? { cursor } : {}),
      ...(journal === undefined ? {} : { journal }),
      journalSignal: () => journalSignal(options),
    })
  }
  return new StampTracker({
    ...shared,
    ...(cursor?.framing === 'none' ? { cursor } : {}),
    maxRecentLines: options.maxRecentLines,
    maxHeldBytes: 1_048_576,
  })
}
