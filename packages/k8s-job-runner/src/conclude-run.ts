import { createLatch, firstOf, type Latch } from '@agent-jobs/primitives'
import type { EventChannel } from './event-channel.ts'
import type { FollowSettings } from './follow-settings.ts'
import type { Job } from './kubernetes.ts'
import { label } from './labels.ts'
import { mayStillRun, type Outcome } from './outcome.ts'
import type { PodMilestones } from './pod-milestones.ts'
import { readAgain } from './read-again.ts'
import { containerStatus, hasStarted, isPodTerminal } from './read-pod.ts'
import type { RunEvent } from './run-event.ts'
import type { RunEvidence } from './run-evidence.ts'
import type { RunOutput } from './run-output.ts'
import type { RunnerContext } from './runner-context.ts'
import { endSidecars } from './stop-pod.ts'
import { tearDown } from './tear-down.ts'

/** A run whose outcome is known. */
export interface DecidedRun {
  job: Job
  settings: FollowSettings
  /** Leave the cleanup to another process. */
  observe: boolean
  gathered: RunEvidence
  milestones: PodMilestones
  output: RunOutput
  channel: EventChannel<RunEvent>
  /** Fires when this process stops following the run. */
  signal: AbortSignal
}

/** How long the teardown waits for the pod to report its end before deleting the Job anyway. */
const settleMs = 10_000
/** How long to keep trying to read the remaining output when the node is lost: it may never answer. */
const lostDrainMs = 30_000

/**
 * Finishes a run whose outcome is known: delivers the rest of its output, reports the outcome, and removes what the run
 * leaves behind. Until then the next start of its key finds it among the endings.
 */
export async function concludeRun(context: RunnerContext, run: DecidedRun, outcome: Outcome): Promise<void> {
  const { nothingRuns, podOver } = run.milestones
  const runHash = run.job.metadata?.labels?.[label.runHash] ?? ''
  const hurry = createLatch()
  const done = createLatch()
  const ending = {
    over: (signal: AbortSignal) => firstOf([nothingRuns.wait, podOver.wait, done.wait], signal),
    hurry: () => hurry.open(),
  }
  context.endings.set(runHash, ending)
  try {
    await tellOutcome(run, outcome)
    if (!run.signal.aborted && !run.observe) await removeRun(context, run, outcome, hurry)
  } finally {
    done.open()
    if (context.endings.get(runHash) === ending) context.endings.delete(runHash)
  }
}

/** Delivers the rest of the output first; the outcome is the last event. */
async function tellOutcome(run: DecidedRun, outcome: Outcome): Promise<void> {
  const { milestones, output, channel } = run
  const { pod, podGone, end, container } = run.gathered.evidence
  const podName = pod?.metadata?.name
  if (podName !== undefined && podGone === undefined && hasStarted(pod, container)) output.open(podName)
  // Without an end record, the decision ends the reading: what is in the log now is read, without waiting for more.
  if (end === undefined) milestones.takeContainerForEnded()
  const [report] = await Promise.all([
    output.report,
    mayStillRun(outcome) ? output.giveUpAfter(lostDrainMs) : undefined,
  ])
  if (run.signal.aborted) return
  if (report !== undefined) {
    const { verdict, problem } = report
    channel.push({ type: 'output', verdict, ...(problem === undefined ? {} : { problem }) })
  }
  channel.push({ type: 'outcome', outcome })
  channel.close()
}

async function removeRun(context: RunnerContext, run: DecidedRun, outcome: Outcome, hurry: Latch<void>): Promise<void> {
  const { job, settings, gathered, milestones, signal } = run
  const report = await run.output.report
  if (report?.drained === false && !(await isPodGone(context, run))) {
    if (signal.aborted) return
    const message = `Job ${job.metadata?.name} is left to its TTL: the last of its output could not be read.`
    context.warn({ code: 'not_drained', message })
    return
  }
  // A pod that has reported its end is removed at once. One that is deleted before it reports its end
  // gets its whole grace period; the kubelet was observed to take 13 to 60 s of it.
  if (hasStarted(gathered.evidence.pod, gathered.evidence.container)) {
    const settle = (s: AbortSignal): Promise<void> => context.clock.sleep(settleMs, s)
    try {
      await firstOf([milestones.podOver.wait, hurry.wait, settle], signal)
      // What stays is left as it ended: the log may have proved the end before the status reports it.
      if (settings.retain) await firstOf([milestones.podOver.wait, milestones.endReported.wait, settle], signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
  const { pod, podGone, container } = gathered.evidence
  const isEnded = containerStatus(pod, container)?.state?.terminated !== undefined
  if (settings.retain && isEnded && pod !== undefined && podGone === undefined && !isPodTerminal(pod)) {
    await endSidecars(context, pod, signal)
  }
  if (!signal.aborted) await tearDown(context, job, outcome, settings)
}

/** The watch may lag behind the log request, which has already found that the pod is gone. */
async function isPodGone(context: RunnerContext, { job, gathered, signal }: DecidedRun): Promise<boolean> {
  const { name: jobName = '', uid: jobUid = '' } = job.metadata ?? {}
  if (gathered.evidence.podGone === undefined) await readAgain(context, gathered, { jobName, jobUid, signal })
  return gathered.evidence.podGone !== undefined
}
