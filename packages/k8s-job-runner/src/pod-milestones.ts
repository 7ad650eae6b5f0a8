import type { Evidence } from './evidence.ts'
import { hasEndedByStatus } from './interruption.ts'
import { hasNothingRunning, isPodTerminal } from './read-pod.ts'

/** One-time events in the life of a run's pod, to wait for. */
export interface PodMilestones {
  /** The status says that the command's container has ended, or that report is no longer awaited. */
  readonly containerEnded: Promise<void>
  /** Every container of the pod has ended. */
  readonly nothingRuns: Promise<void>
  /** The pod is terminal or gone, or will never exist. */
  readonly podOver: Promise<void>
  /** Updates the milestones from what is known now. */
  look(evidence: Evidence): void
  /** Stops waiting for the container's status: only what it has printed so far is read. */
  takeContainerForEnded(): void
}

/** Creates the milestones of one run, none of them reached. */
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
