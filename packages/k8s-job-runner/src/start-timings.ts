import type { Evidence } from './evidence.ts'
import { instant, type KubeEvent } from './kubernetes.ts'
import type { RunTimings } from './run-handle.ts'

/** The current time, as milliseconds since the run's call and since the epoch. */
export interface TimingClock {
  readonly elapsedMs: number
  readonly wallTime: number
}

/**
 * Records when a run's pod was first seen, had a node, and pulled its image. Events are read only for runs that start slowly,
 * so a quick pull has no times; those of Events have a precision of one second. May be called any number of times.
 */
export function noteStart(timings: RunTimings, { pod, events = [] }: Evidence, clock: TimingClock): void {
  if (pod === undefined) return
  timings.podMs ??= clock.elapsedMs
  if (pod.spec?.nodeName !== undefined) timings.scheduledMs ??= clock.elapsedMs
  if (timings.runningMs !== undefined) return
  const pulling = events.find(({ reason }) => reason === 'Pulling')
  const pulled = events.findLast(({ reason }) => reason === 'Pulled')
  if (pulling === undefined) return
  timings.pullingMs ??= elapsedAt(pulling, clock, timings.scheduledMs)
  // Several containers pull one after the other.
  if (pulled !== undefined) timings.pulledMs = elapsedAt(pulled, clock, timings.pullingMs)
}

/** When an Event happened, in milliseconds since the call: not before `earliest` and not in the future. */
function elapsedAt(event: KubeEvent, { elapsedMs, wallTime }: TimingClock, earliest = 0): number {
  const at = instant(event.firstTimestamp) ?? instant(event.eventTime) ?? instant(event.metadata?.creationTimestamp)
  const ms = at === undefined ? elapsedMs : elapsedMs - (wallTime - at)
  return Math.max(earliest, Math.min(elapsedMs, ms))
}
