import type { Evidence } from './evidence.ts'
import { hasEndedByStatus } from './interruption.ts'
import { hasNothingRunning, isPodTerminal } from './read-pod.ts'

/** What happens once in the life of a run's pod, for those who wait for it. */
export interface PodMilestones {
  /** The status says that the command's container is over, or that word is not waited for any more. */
  readonly containerEnded: Promise<void>
  /** Every container of the pod is over. */
  readonly nothingRuns: Promise<void>
  /** The pod is terminal or gone, or there will be none. */
  readonly podOver: Promise<void>
  /** Looks at what is known now. */
  look(evidence: Evidence): void
  /** Nobody waits for the word on the container: what it has printed so far is all that is read. */
  takeContainerForEnded(): void
}

/** Makes the milestones of one run, none of them reached. */
export function createPodMilestones(): PodMilestones {
  const containerEnded = Promise.withResolvers<void>()
  const nothingRuns = Promise.withResolvers<void>()
  const podOver = Promise.withResolvers<void>()
  return {
    containerEnded: containerEnded.promise,
    nothingRuns: nothingRuns.promise,
    podOver: podOver.promise,
    look(evidence) {
      const { pod, podGone, jobGone } = evidence
      if (hasEndedByStatus(evidence)) containerEnded.resolve()
      if (pod !== undefined && hasNothingRunning(pod)) nothingRuns.resolve()
      const isOver = pod === undefined ? jobGone !== undefined : isPodTerminal(pod)
      if (isOver || podGone !== undefined) podOver.resolve()
    },
    takeContainerForEnded: containerEnded.resolve,
  }
}
