import type { JournalSource, LogCursor } from '@agent-jobs/log-stream'
import { concludeRun } from './conclude-run.ts'
import { createEventChannel } from './event-channel.ts'
import type { FollowSettings } from './follow-settings.ts'
import { findInterruption, hasEndedByStatus } from './interruption.ts'
import { judgeOutcome } from './judge-outcome.ts'
import type { Job } from './kubernetes.ts'
import { createLingerLimit } from './linger-limit.ts'
import { createPodMilestones } from './pod-milestones.ts'
import { readAgain } from './read-again.ts'
import { hasStarted } from './read-pod.ts'
import { readRecord } from './read-record.ts'
import { RunError } from './run-error.ts'
import { gatherEvidence } from './run-evidence.ts'
import type { Phase, RunEvent } from './run-event.ts'
import type { CancelOptions, CancelVerdict, RunHandle, RunTimings } from './run-handle.ts'
import { createRunOutput } from './run-output.ts'
import { errorText, type RunnerContext } from './runner-context.ts'
import { createStartWait } from './start-wait.ts'
import { stopRun } from './stop-run.ts'
import { mayStillRun, type Outcome } from './outcome.ts'
import { createWaker } from './waker.ts'
import type { BoardChange, WatchBoard } from './watch-board.ts'

/** What one follower needs to know of its run. */
export interface FollowInput {
  job: Job
  runId: string
  key: string
  settings: FollowSettings
  cursor?: LogCursor | undefined
  journal?: JournalSource | undefined
  /** Only looks: what the run leaves is for another to remove. */
  observe?: boolean | undefined
  /** When the call began, by the runner's clock. */
  calledAt: number
  submittedMs?: number
}

/** How long better evidence is waited for, in milliseconds. */
export interface EvidencePatience {
  /** For the status that explains a kill. */
  statusMs: number
  /** For the end record, once the status says that the container is over. */
  recordMs: number
  /** How long a run may be without a pod, or a pod be set up, before its Events are read. */
  eventsMs: number
  /** How long the output may be silent before its connection is doubted. */
  silenceMs: number
  /** How long the last output is tried to be read. */
  drainMs: number
}

const maxQueuedEvents = 1024
/** When a read that should confirm something failed, it is tried again after this long. */
const lookAgainMs = 5000

/** Follows one run to its outcome. Level-based: every change leads to one judgement of everything known. */
export function followRun(
  context: RunnerContext,
  board: WatchBoard,
  input: FollowInput,
  patience: EvidencePatience,
): RunHandle {
  const { namespace, clock, warn } = context
  const { settings, calledAt } = input
  const { name: jobName = '', uid: jobUid = '' } = input.job.metadata ?? {}
  const scope = new AbortController()
  const { signal } = scope
  const starting = new AbortController()
  const releaseBoard = board.hold()
  const channel = createEventChannel<RunEvent>(maxQueuedEvents, (count) => ({
    type: 'warning',
    code: 'events_dropped',
    message: `${count} events came before anybody read them and were let go`,
    at: clock.now(),
  }))
  const outcome = Promise.withResolvers<Outcome>()
  const settled = Promise.withResolvers<void>()
  const milestones = createPodMilestones()
  // Whoever does not look at these must not be punished by an unhandled rejection.
  outcome.promise.catch(() => undefined)
  const timings: RunTimings = input.submittedMs === undefined ? {} : { submittedMs: input.submittedMs }
  const gathered = gatherEvidence(settings.container, input.job, () => clock.now())
  const { evidence } = gathered
  let decided: Outcome | undefined
  let phase: { phase: Phase; message: string } | undefined
  let awaiting: { for: string; since: number } | undefined
  let checking = false

  const linger = createLingerLimit(context, { evidence, settings, channel, signal })
  const waker = createWaker(clock, signal, reconsider, fail)
  const start = createStartWait(context, {
    evidence,
    settings,
    jobUid,
    eventsMs: patience.eventsMs,
    signal: AbortSignal.any([signal, starting.signal]),
    enter,
    onEvent(fresh) {
      if (fresh.type === 'Warning') {
        const message = fresh.message ?? fresh.reason ?? ''
        channel.push({ type: 'warning', code: `event_${fresh.reason ?? 'unknown'}`, message, at: clock.now() })
      }
      reconsider()
    },
  })
  const output = createRunOutput(context, {
    container: settings.container,
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
    onRecord,
    onEnded: reconsider,
  })

  function onRecord(record: unknown): void {
    const read = readRecord(record)
    if (read === null) {
      const message =
        'A launcher record has invalid fields and was ignored. Something else in the pod may have printed it.'
      channel.push({ type: 'warning', code: 'launcher_record_invalid', message, at: clock.now() })
    } else if (read.type === 'end') {
      evidence.end = read.end
      reconsider()
    } else if (read.type === 'notice') {
      const { code, message } = read
      channel.push({ type: 'warning', code: `launcher_${code}`, message, at: clock.now() })
    }
  }

  /** Work that nobody awaits: a fault in it is a fault of this run. */
  function background(work: Promise<void>): void {
    work.catch(fail)
  }

  /** Following has failed, by a bug: that is the outcome of this run, and concerns no other. Nothing is removed. */
  function fail(error: unknown): void {
    if (signal.aborted) return
    warn({ code: 'follow_failed', message: `Following Job ${jobName} failed: ${errorText(error)}`, cause: error })
    if (decided !== undefined) return
    decide({
      kind: 'followFailed',
      code: 'follow_failed',
      exitCode: null,
      signal: null,
      source: 'none',
      notes: [`The error: ${errorText(error)}.`],
    })
  }

  function enter(next: Phase, message: string): void {
    if (phase?.phase === next && phase.message === message) return
    phase = { phase: next, message }
    channel.push({ type: 'phase', phase: next, message, at: clock.now() })
  }

  function onChange(change: BoardChange): void {
    try {
      gathered.see(change)
    } catch (error) {
      fail(error)
    }
    reconsider()
  }

  function reconsider(): void {
    if (signal.aborted) return
    try {
      judge()
    } catch (error) {
      fail(error)
    }
  }

  function judge(): void {
    milestones.look(evidence)
    if (decided !== undefined) return
    const podName = evidence.pod?.metadata?.name
    if (podName !== undefined && hasStarted(evidence.pod, settings.container)) output.open(podName)
    const judgement = judgeOutcome(evidence)
    switch (judgement.verdict) {
      case 'decided':
        decide(judgement.outcome)
        return
      case 'await':
        holdBack(judgement)
        return
      case 'undecided':
        awaiting = undefined
        waitOn()
        return
      default:
        judgement satisfies never
    }
  }

  function holdBack(judgement: Extract<ReturnType<typeof judgeOutcome>, { verdict: 'await' }>): void {
    if (awaiting?.for !== judgement.for) awaiting = { for: judgement.for, since: clock.now() }
    const usualMs = { status: patience.statusMs, record: patience.recordMs, termination: 0 }[judgement.for]
    const waitMs = judgement.waitSeconds === undefined ? usualMs : judgement.waitSeconds * 1000
    const until = awaiting.since + waitMs
    if (judgement.for === 'record' && output.ended) decide(judgement.outcome)
    else if (clock.now() < until) waker.set(until)
    else if (judgement.for === 'termination') background(confirm(judgement.outcome))
    else decide(judgement.outcome)
  }

  function waitOn(): void {
    if (hasStarted(evidence.pod, settings.container)) {
      timings.runningMs ??= clock.now() - calledAt
      starting.abort()
      const stopping = findInterruption(evidence)
      if (stopping !== undefined) enter('stopping', `Stopping: ${stopping.reason ?? stopping.kind.kind}`)
      else enter('running', `Running in pod ${evidence.pod?.metadata?.name} on node ${evidence.pod?.spec?.nodeName}`)
      if (clock.now() >= linger.due) background(linger.end().then(reconsider))
      else waker.set(linger.due)
      return
    }
    if (findInterruption(evidence) !== undefined) {
      enter('stopping', 'Stopping before it has started')
      return
    }
    const next = start.consider()
    if (next.step === 'wait') waker.set(next.until)
    else if (next.step === 'fail' && next.atOnce) decide(next.outcome)
    else if (next.step === 'fail') background(confirm(next.outcome))
  }

  /** A limit of time has passed. The watch may be blind, so the objects are read once more before it counts. */
  async function confirm(expected: Outcome): Promise<void> {
    if (checking) return
    checking = true
    const before = { ended: hasEndedByStatus(evidence), started: hasStarted(evidence.pod, settings.container) }
    const fresh = await readAgain(context, gathered, { jobName, jobUid, signal })
    checking = false
    if (decided !== undefined || signal.aborted) return
    // What has started or ended meanwhile is judged anew; only what still stands still counts.
    const changed =
      hasEndedByStatus(evidence) !== before.ended || hasStarted(evidence.pod, settings.container) !== before.started
    if (!fresh) waker.set(clock.now() + lookAgainMs)
    else if (changed) reconsider()
    else decide(expected)
  }

  function decide(result: Outcome): void {
    decided = result
    timings.endedMs = clock.now() - calledAt
    waker.set(Infinity)
    starting.abort()
    enter('ended', `Ended: ${result.kind}`)
    outcome.resolve(result)
    const { job, observe = false } = input
    concludeRun(context, { job, settings, observe, gathered, milestones, output, channel, signal }, result)
      .catch((error: unknown) => {
        warn({ code: 'teardown_failed', message: errorText(error), cause: error })
        // Whoever reads the events gets the outcome in any case. A channel that is closed already takes nothing.
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
    outcome.reject(new RunError('detached', `Job ${jobName} is no longer followed from here. It goes on.`))
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
    releaseBoard()
  }

  async function cancel(options: CancelOptions): Promise<CancelVerdict> {
    const { by, graceSeconds = settings.graceSeconds, signal: waiting } = options
    if (decided !== undefined && !mayStillRun(decided)) {
      // It is over already, and what is left of it is being removed.
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
      started: hasStarted(evidence.pod, settings.container),
      ...(waiting === undefined ? {} : { signal: waiting }),
    })
  }

  enter('submitted', `Job ${jobName} is submitted`)
  const leave = board.subscribe(jobUid, onChange)
  context.closed.signal.addEventListener('abort', onClosed, { once: true })
  reconsider()
  return {
    job: { name: jobName, namespace, uid: jobUid },
    get pod() {
      const { name } = evidence.pod?.metadata ?? {}
      return name === undefined ? undefined : { name, node: evidence.pod?.spec?.nodeName }
    },
    runId: input.runId,
    key: input.key,
    events: channel,
    outcome: outcome.promise,
    settled: settled.promise,
    timings,
    cancel,
    async finished(isFinished = true) {
      if (decided !== undefined) return
      if (isFinished) linger.begin()
      else linger.takeBack()
      reconsider()
    },
    detach,
  }
}
