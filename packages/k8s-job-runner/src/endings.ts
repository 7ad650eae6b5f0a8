/** A run of this process that has ended, although its pod may not have reported it yet. */
export interface Ending {
  /** Resolves when nothing runs in the pod any more, the pod is gone, or the run was removed as far as possible. */
  over(signal: AbortSignal): Promise<void>
  /** Another run is waiting: remove what is left now instead of waiting for the pod to report its end. */
  hurry: () => void
}

/** The ended runs of a runner by run hash, so that the next start of a key does not treat them as busy. */
export type Endings = Map<string, Ending>
