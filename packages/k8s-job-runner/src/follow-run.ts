import type { EndRecord } from '@agent-jobs/frames'
import type { JournalSource, LogCursor } from '@agent-jobs/log-stream'
import { errorClause, openAbortScope } from '@agent-jobs/primitives'
import { concludeRun } from './conclude-run.ts'
import { createEventChannel } from './event-channel.ts'
import type { StopReason } from './evidence.ts'
import type { FollowSettings } from './follow-settings.ts'
import {
  firstState,
  followStep,
  lookAgainMs,
  type Effect,
  type EvidencePatience,
  type Expectation,
  type FollowState,
} from './follow-step.ts'
import { hasEndedByStatus } from './interruption.ts'
import type { Job } from './kubernetes.ts'
import { isEndProvenByLog } from './log-proof.ts'
import { readLogTail } from './log-tail.ts'
import { createObjectEvents } from './object-events.ts'
import { mayStillRun, type Outcome } from './outcome.ts'
import { createPodMilestones } from './pod-milestones.ts'
import { readAgain } from './read-again.ts'
import { hasStarted } from './read-pod.ts'
import { RunError } from './run-error.ts'
import { gatherEvidence } from './run-evidence.ts'
import type { Phase, RunEvent } from './run-event.ts'
import type { CancelOptions, CancelVerdict, RunHandle, RunTimings } from './run-handle.ts'
import { createRunOutput } from './run-output.ts'
import type { RunnerContext } from './runner-context.ts'
import { forbidRestart, sealRun } from './second-start.ts'
import { isStillSilent } from './silence.ts'
import { noteStart } from './start-timings.ts'
import { stopPod } from './stop-pod.ts'
import { stopRun } from './stop-run.ts'
import { createWaker } from './waker.ts'
import type { WatchBoard } from './watch-board.ts'

/** What a follower needs to know about its run. */
export interface FollowInput {
  job: Job
  runId: string
  key: string
  settings: FollowSettings
  cursor?: LogCursor | undefined
  journal?: JournalSource | undefined
  /** Only observe: its owner removes what the run leaves behind. */
  observe?: boolean | undefined
  /** When the call began, by the runner's clock. */
  calledAt: number
  submittedMs?: number
}

const maxQueuedEvents = 1024

const stopMessages: Record<StopReason, string> = {
  lingering: 'The command had finished its work and did not exit',
  total_limit: 'The command ran longer than its total limit, and the launcher did not stop it',
  idle_limit: 'The command printed nothing for longer than its idle limit, and the launcher did not stop it',
  unconfirmed_end: 'An end record was read, and the container went on running',
}

/**
 * Follows one run to its outcome. Every change leads to one {@link followStep}, whose effects are carried out here. A fault
 * in any of this becomes the outcome `follow_failed` of this run and does not affect other runs.
 */
export function followRun(
  context: RunnerContext,
  board: WatchBoard,
  input: FollowInput,
  patience: EvidencePatience,
): RunHandle {
  const follower = createFollower(context, board, input, patience)
  const { namespace } = context
  const { name = '', uid = '' } = input.job.metadata ?? {}
  const { evidence } = follower
  return {
    job: { name, namespace, uid },
    get pod() {
      const { name: pod } = evidence.pod?.metadata ?? {}
      return pod === undefined ? undefined : { name: pod, node: evidence.pod?.spec?.nodeName }
    },
    runId: input.runId,
    key: input.key,
    events: follower.events,
    outcome: follower.outcome,
    settled: follower.settled,
    timings: follower.timings,
    cancel: follower.cancel,
    finished: follower.finished,
    detach: follower.detach,
  }
}

type Follower = Pick<RunHandle, 'events' | 'outcome' | 'settled' | 'timings' | 'cancel' | 'finished' | 'detach'> & {
  evidence: ReturnType<typeof gatherEvidence>['evidence']
}

function createFollower(
  context: RunnerContext,
  board: WatchBoard,
  input: FollowInput,
  patience: EvidencePatience,
): Follower {
  const { clock, warn } = context
  const { settings, calledAt } = input
  const { name: jobName = '', uid: jobUid = '' } = input.job.metadata ?? {}
  const scope = new AbortController()
  const { signal } = scope
  const starting = new AbortController()
  const undecided = new AbortController()
  const outcome = Promise.withResolvers<Outcome>()
  const settled = Promise.withResolvers<void>()
  // A caller that reads only the events must not get an unhandled rejection from `outcome`.
  outcome.promise.catch(() => undefined)
  const channel = createEventChannel<RunEvent>(maxQueuedEvents, (count) =>
    warning('events_dropped', `${count} events were dropped because nothing read them`),
  )
  const milestones = createPodMilestones()
  const timings: RunTimings = input.submittedMs === undefined ? {} : { submittedMs: input.submittedMs }
  const gathered = gatherEvidence(settings.container, input.job, () => clock.wallTime())
  const { evidence } = gathered
  let state: FollowState = firstState(clock.now())
  let decided: Outcome | undefined
  let isExplaining = false
  let phase: { phase: Phase; message: string } | undefined

  const waker = createWaker(clock, signal, step, fail)
  const eventsOf = createObjectEvents(context, AbortSignal.any([signal, starting.signal]), (events, fresh) => {
    evidence.events = events
    if (fresh.type === 'Warning') {
      channel.push(warning(`event_${fresh.reason ?? 'unknown'}`, fresh.message ?? fresh.reason ?? ''))
    }
    step()
  })
  const output = createRunOutput(context, {
    evidence,
    cursor: input.cursor,
    journal: input.journal,
    containerEnded: milestones.containerEnded,
    silenceMs: patience.silenceMs,
    drainMs: patience.drainMs,
    signal,
    channel,
    onFirstLine: () => {
      timings.firstLineMs ??= clock.now() - calledAt
    },
    onEnd: (end: EndRecord) => {
      evidence.end = end
      step()
    },
    onEnded: step,
  })

  function warning(code: string, message: string): RunEvent {
    return { type: 'warning', code, message, at: clock.wallTime() }
  }

  /** Background work: a fault in it is a fault of this run. */
  function background(work: Promise<void>): void {
    work.catch(fail)
  }

  function fail(error: unknown): void {
    if (signal.aborted) return
    warn({ code: 'follow_failed', message: `Following Job ${jobName} failed: ${errorClause(error)}.`, cause: error })
    if (decided !== undefined) return
    decide({
      kind: 'followFailed',
      code: 'follow_failed',
      exitCode: null,
      signal: null,
      source: 'none',
      notes: [`The error: ${errorClause(error)}.`],
    })
  }

  function step(): void {
    if (signal.aborted) return
    try {
      milestones.look(evidence)
      noteStart(timings, evidence, { elapsedMs: clock.now() - calledAt, wallTime: clock.wallTime() })
      if (decided !== undefined) return
      const view = { evidence, now: clock.now(), settings, patience, lastOutputAt: output.lastAt }
      const next = followStep(state, view)
      state = next.state
      if (state.runningSince !== undefined) {
        timings.runningMs ??= clock.now() - calledAt
        starting.abort()
      }
      waker.set(next.wakeAt)
      for (const effect of next.effects) perform(effect)
    } catch (error) {
      fail(error)
    }
  }

  function perform(effect: Effect): void {
    switch (effect.do) {
      case 'phase':
        enter(effect.phase, effect.message)
        break
      case 'read_output':
        output.open(effect.pod)
        break
      case 'ask_events':
        eventsOf.about(evidence.pod?.metadata?.uid ?? jobUid)
        break
      case 'seal':
        if (input.observe !== true) background(sealRun(context, input.job, settings, signal))
        break
      case 'forbid_restart':
        if (input.observe !== true) background(forbidRestart(context, { jobName, jobUid, signal }))
        break
      case 'confirm':
        background(confirm(effect.expected))
        break
      case 'prove_end':
        background(proveEnd())
        break
      case 'decide':
        if (effect.outcome.kind === 'initFailed') background(explainInit(effect.outcome))
        else decide(effect.outcome)
        break
      default:
        effect satisfies never
    }
  }

  function enter(next: Phase, message: string): void {
    if (phase?.phase === next && phase.message === message) return
    phase = { phase: next, message }
    if (next === 'queued') timings.queuedMs ??= clock.now() - calledAt
    channel.push({ type: 'phase', phase: next, message, at: clock.wallTime() })
  }

  /** A time limit has passed. The watch may be behind, so the objects are read again before the limit counts. */
  async function confirm(expected: Expectation): Promise<void> {
    const look = () => [hasEndedByStatus(evidence), hasStarted(evidence.pod, evidence.container)].join()
    const before = look()
    let isConfirmed = false
    try {
      const wasRead = await readAgain(context, gathered, { jobName, jobUid, signal })
      isConfirmed = wasRead && (await holds(expected))
      if (!wasRead) state = { ...state, notBefore: clock.now() + lookAgainMs }
    } finally {
      state = { ...state, confirming: false }
    }
    if (decided !== undefined || signal.aborted) return
    // Judge again: containers may have started or ended since.
    if (!isConfirmed || look() !== before) step()
    else if (expected.kind === 'outcome') decide(expected.outcome)
    else await stop(expected.reason)
  }

  async function proveEnd(): Promise<void> {
    using proving = openAbortScope(signal, undecided.signal)
    try {
      if (!(await isEndProvenByLog(context, evidence, proving.signal))) return
    } catch (error) {
      if (proving.signal.aborted) return
      throw error
    }
    evidence.endProven = true
    milestones.takeContainerForEnded()
    step()
  }

  /** Silence is a reason to stop a run only when the log itself confirms it. */
  async function holds(expected: Expectation): Promise<boolean> {
    if (expected.kind !== 'stop' || expected.reason !== 'idle_limit') return true
    const isSilent = await isStillSilent(context, evidence, output.newestAt, signal)
    if (!isSilent) state = { ...state, notBefore: clock.now() + lookAgainMs }
    return isSilent
  }

  /** Keeps the last output of an init container before the pod is removed with its log. */
  async function explainInit(failed: Extract<Outcome, { kind: 'initFailed' }>): Promise<void> {
    if (isExplaining) return
    isExplaining = true
    const tail = await readLogTail(context, evidence.pod, failed.container, signal)
    decide(tail === undefined ? failed : { ...failed, notes: [...failed.notes, `It printed: ${tail}.`] })
  }

  async function stop(reason: StopReason): Promise<void> {
    channel.push(warning(`stopped_${reason}`, `${stopMessages[reason]}. Its pod is stopped.`))
    evidence.stopped = reason
    try {
      await stopPod(context, evidence.pod, settings.graceSeconds, signal)
    } catch (error) {
      if (signal.aborted) return
      channel.push(warning('not_stopped', `The pod could not be stopped: ${errorClause(error)}. Trying again.`))
      evidence.stopped = undefined
      state = { ...state, notBefore: clock.now() + lookAgainMs }
    }
    step()
  }

  function decide(result: Outcome): void {
    if (decided !== undefined) return
    decided = result
    timings.endedMs = clock.now() - calledAt
    waker.set(Infinity)
    starting.abort()
    undecided.abort()
    enter('ended', `Ended: ${result.kind}`)
    outcome.resolve(result)
    const { job, observe = false } = input
    concludeRun(context, { job, settings, observe, gathered, milestones, output, channel, signal }, result)
      .catch((error: unknown) => {
        warn({ code: 'teardown_failed', message: errorClause(error), cause: error })
        // The reader of the events always gets the outcome. A closed channel ignores it.
        channel.push({ type: 'outcome', outcome: result })
        channel.close()
      })
      .finally(() => {
        settled.resolve()
        release()
      })
  }

  async function detach(): Promise<void> {
    if (signal.aborted) return
    outcome.reject(new RunError('detached', `Job ${jobName} is no longer followed by this process. It continues.`))
    release()
    channel.close()
    settled.resolve()
    await output.report
  }
  const onClosed = (): void => background(detach())

  function release(): void {
    scope.abort()
    context.closed.signal.removeEventListener('abort', onClosed)
    leave()
    leaveQueue?.()
    releaseBoard()
  }

  async function cancel(options: CancelOptions): Promise<CancelVerdict> {
    const { by, graceSeconds = settings.graceSeconds, signal: waiting } = options
    if (decided !== undefined && !mayStillRun(decided)) {
      // The run has ended and is being removed.
      await settled.promise
      return 'gone'
    }
    evidence.cancel ??= { by }
    enter('stopping', `Cancelled by ${by}`)
    return stopRun(context, {
      jobName,
      jobUid,
      by,
      graceSeconds,
      pod: () => evidence.pod,
      podOver: milestones.podOver,
      started: hasStarted(evidence.pod, evidence.container),
      ...(waiting === undefined ? {} : { signal: waiting }),
    })
  }

  async function finished(isFinished = true): Promise<void> {
    if (decided !== undefined) return
    state = { ...state, finishedAt: isFinished ? (state.finishedAt ?? clock.now()) : undefined }
    step()
  }

  const releaseBoard = board.hold()
  enter('submitted', `Job ${jobName} is submitted`)
  const leave = board.subscribe(jobUid, (change) => {
    try {
      gathered.see(change)
    } catch (error) {
      fail(error)
    }
    step()
  })
  const leaveQueue =
    settings.queue === undefined
      ? undefined
      : context.queues.subscribe(jobUid, settings.queue, (news) => {
          evidence.queue = news
          step()
        })
  context.closed.signal.addEventListener('abort', onClosed, { once: true })
  step()
  return {
    evidence,
    events: channel,
    outcome: outcome.promise,
    settled: settled.promise,
    timings,
    cancel,
    finished,
    detach,
  }
}
