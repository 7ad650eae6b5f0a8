import { type LogPlace, requestedNs } from './log-place.ts'
import { ReplayMatcher } from './replay-matcher.ts'
import type { TimedLine } from './stamped-lines.ts'

/**
 * A stretch of lines that may have been delivered before: those at the start of a connection, and those whose
 * timestamps step back within one. It is over once the last delivered line, or a line that must be new, arrives.
 */
export class Replay {
  readonly cause: 'resume' | 'step-back'
  /** Finds the lines among those delivered last. */
  readonly matcher: ReplayMatcher
  readonly #place: LogPlace
  #isKnownFile = false

  /** `since` is the time from which lines were requested: older ones are not among the lines. */
  constructor(place: LogPlace, cause: 'resume' | 'step-back', since?: string) {
    this.cause = cause
    this.#place = place
    this.matcher = new ReplayMatcher(place.recent, since === undefined ? undefined : requestedNs(since))
  }

  /** Whether a known file is being sent again: its unknown lines are older than the remembered ones. */
  get isKnownFile(): boolean {
    return this.#isKnownFile
  }

  /** Whether a line that matches no remembered one belongs to a file that was read before. */
  isOfKnownFile(line: TimedLine): boolean {
    if (this.cause === 'resume' || line.ns > this.#place.highest) return false
    this.#isKnownFile ||= this.#place.isLandmark(line)
    return this.#isKnownFile
  }

  /** Whether a time is above all that the lines of this replay can have if they were delivered before. */
  isBehind(ns: bigint): boolean {
    return ns > (this.cause === 'resume' ? this.#place.peak : this.#place.highest)
  }
}
