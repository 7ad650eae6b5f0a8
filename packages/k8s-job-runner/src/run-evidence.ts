import type { Evidence, Sighting } from './evidence.ts'
import type { Job, Pod } from './kubernetes.ts'
import { annotation } from './labels.ts'
import { commandContainer, containerStatus } from './read-pod.ts'
import type { BoardChange } from './watch-board.ts'

/** Collects everything known about a run. */
export interface RunEvidence {
  readonly evidence: Evidence
  /** Records the current or last state of an object. May be called twice or late. */
  see(change: BoardChange): void
  /** Records that a read did not find the pod, or the Job where no pod is known. */
  missed(): void
}

/** The command's container has ended, and that was not requested. */
function endsByItself({ pod, container, cancel, stopped, suspended }: Evidence): boolean {
  const isAsked = cancel !== undefined || stopped !== undefined || suspended === true
  return !isAsked && containerStatus(pod, container)?.state?.terminated !== undefined
}

/** Starts the evidence of a run with its Job. */
export function gatherEvidence(container: string, job: Job, now: () => number): RunEvidence {
  const evidence: Evidence = { container, job, events: [] }
  const sighting = (by: Sighting['by']): Sighting => ({ at: now(), by })

  let wasAdmitted = job.spec?.suspend !== true

  function seeSuspension(): void {
    const { pod } = evidence
    if (evidence.job?.spec?.suspend !== true) wasAdmitted ||= evidence.job?.spec !== undefined
    else if (pod !== undefined && (wasAdmitted || pod.metadata?.deletionTimestamp !== undefined)) {
      // A later admission would start the command again, so the suspension stays on record.
      evidence.suspended = true
    }
  }
  function seeJob(seen: Job, gone: boolean): void {
    evidence.job = seen
    seeSuspension()
    if (gone) evidence.jobGone ??= sighting('watch')
    const by = seen.metadata?.annotations?.[annotation.cancelledBy]
    if (by !== undefined) evidence.cancel ??= { by }
  }
  function seePod(seen: Pod, gone: boolean): void {
    // There is one pod per run. If another appears, the first is still the one whose output was read.
    if (evidence.pod !== undefined && evidence.pod.metadata?.uid !== seen.metadata?.uid) return
    if (gone && seen.spec?.nodeName === undefined && evidence.suspended === true) {
      // It never had a node, so nothing was started: the run is back in its queue.
      evidence.pod = undefined
      evidence.suspended = false
      wasAdmitted = evidence.job?.spec?.suspend !== true
      return
    }
    evidence.pod = seen
    evidence.container = commandContainer(seen, container)
    seeSuspension()
    if (gone) evidence.podGone ??= sighting('watch')
    if (gone || seen.metadata?.deletionTimestamp !== undefined) evidence.deletionSeenAt ??= now()
    else if (endsByItself(evidence)) evidence.endedUndisturbed = true
  }
  return {
    evidence,
    see(change) {
      if (change.of === 'job') seeJob(change.object, change.gone)
      else seePod(change.object, change.gone)
    },
    missed() {
      if (evidence.pod === undefined) evidence.jobGone ??= sighting('read')
      else evidence.podGone ??= sighting('read')
    },
  }
}
