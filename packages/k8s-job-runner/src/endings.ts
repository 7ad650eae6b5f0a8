/** A run of this process that has ended, while its pod may not have said so yet. */
export interface Ending {
  /** Resolves when nothing runs in the pod any more, or the pod is gone, or the run was removed as far as it will be. */
  over: Promise<void>
  /** Somebody waits: remove what is left now rather than when the pod has said that it is over. */
  hurry: () => void
}

/** The endings of a runner by the hash of their run, so that the next start of a key does not take them for busy. */
export type Endings = Map<string, Ending>
