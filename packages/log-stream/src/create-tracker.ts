import type { ResolvedOptions } from './follow-options.ts'
import type { JournalSource } from './journal-source.ts'
import { LauncherTracker } from './launcher-tracker.ts'
import { readPatiently } from './patient-read.ts'
import { StampTracker } from './stamp-tracker.ts'
import type { Emit, Tracker } from './tracker.ts'

/** A journal whose reads fail when they make no progress: a stuck volume must not stop the follower. */
function patient(journal: JournalSource, options: ResolvedOptions): JournalSource {
  const { journalTimeoutMs: timeoutMs, clock } = options
  return {
    read: ({ signal, ...range }) =>
      readPatiently((either) => journal.read({ ...range, signal: either }), {
        timeoutMs,
        signal,
        clock,
        name: 'the journal',
      }),
  }
}

/** Creates the tracker for the framing and the cursor. */
export function createTracker(options: ResolvedOptions, emit: Emit, room: () => Promise<void>): Tracker {
  const { cursor, journal, framing, maxLineBytes, longLines, overlapSeconds } = options
  const shared = { maxLineBytes, longLines, overlapSeconds, emit }
  if (framing === 'launcher') {
    return new LauncherTracker({
      ...shared,
      ...(cursor?.framing === 'launcher' ? { cursor } : {}),
      ...(journal === undefined ? {} : { journal: patient(journal, options) }),
      endRecord: options.endRecord,
      room,
      signal: options.signal,
    })
  }
  return new StampTracker({
    ...shared,
    ...(cursor?.framing === 'none' ? { cursor } : {}),
    maxRecentLines: options.maxRecentLines,
    maxHeldBytes: 1_048_576,
  })
}
