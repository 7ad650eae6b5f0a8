import { createLatch, type Latch } from '@agent-jobs/primitives'
import type { Evidence } from './evidence.ts'
import { hasEndedByStatus } from './interruption.ts'
import { hasNothingRunning, isPodTerminal } from './read-pod.ts'

/** One-time events in the life of a run's pod, to wait for. */
export interface PodMilestones {
  /** The status says that the command's container has ended, or nothing waits for that status any more. */
  readonly containerEnded: Latch<void>
  /** The status says that the command's container has ended. The log may prove it earlier. */
  readonly endReported: Latch<void>
  /** Every container of the pod has ended. */
  readonly nothingRuns: Latch<void>
  /** The pod is terminal or gone, or will never exist. */
  readonly podOver: Latch<void>
  /** Updates the milestones from what is known now. */
  look(evidence: Evidence): void
  /** The container counts as ended before its status says so: what it has printed so far is all that is read. */
  takeContainerForEnded(): void
}

/** Creates the milestones of one run, none of them reached. */
export function createPodMilestones(): PodMilestones {
  const containerEnded = createLatch()
  const endReported = createLatch()
  const nothingRuns = createLatch()
  const podOver = createLatch()
  return {
    containerEnded,
    endReported,
    nothingRuns,
    podOver,
    look(evidence) {
      const { pod, podGone, jobGone } = evidence
      if (hasEndedByStatus(evidence)) {
        containerEnded.open()
        endReported.open()
      }
      if (pod !== undefined && hasNothingRunning(pod)) nothingRuns.open()
      const isOver = pod === undefined ? jobGone !== undefined : isPodTerminal(pod)
      if (isOver || podGone !== undefined) podOver.open()
    },
    takeContainerForEnded: () => containerEnded.open(),
  }
}
