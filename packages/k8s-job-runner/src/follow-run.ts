import { isNotFound, kinds } from '@agent-jobs/kube-api'
import type { JournalSource, LogCursor, Verdict } from '@agent-jobs/log-stream'
import { createEventChannel } from './event-channel.ts'
import type { EndEvidence, Evidence } from './evidence.ts'
import type { FollowSettings } from './follow-settings.ts'
import { findInterruption, hasEndedByStatus } from './interruption.ts'
import { judgeOutcome } from './judge-outcome.ts'
import type { Job, Pod } from './kubernetes.ts'
import { annotation, label } from './labels.ts'
import { createObjectEvents } from './object-events.ts'
import type { Outcome } from './outcome.ts'
import { containerStatus, hasStarted, isPodTerminal } from './read-pod.ts'
import { RunError } from './run-error.ts'
import type { Phase, RunEvent } from './run-event.ts'
import type { CancelOptions, CancelVerdict, RunHandle, RunTimings } from './run-handle.ts'
import { readRunLog } from './run-log.ts'
import { errorText, type RunnerContext } from './runner-context.ts'
import { judgeStart, type StartProgress } from './start-judgement.ts'
import { stopRun } from './stop-run.ts'
import { tearDown } from './tear-down.ts'
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
}

const maxQueuedEvents = 1024
/** The launcher acts on its own rule first; the runner only when that did not help. */
const finishMarginMs = 15_000
/** How long the teardown waits for a pod to say that it is over, before the Job is deleted all the same. */
const settleMs = 10_000

/** Follows one run to its outcome. Level-based: every change leads to one judgement of everything known. */
export function followRun(
  context: RunnerContext,
  board: WatchBoard,
  input: FollowInput,
  patience: EvidencePatience,
): RunHandle {
  const { client, namespace, clock, warn } = context
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
  const containerEnded = Promise.withResolvers<void>()
  const podOver = Promise.withResolvers<void>()
  const hurry = Promise.withResolvers<void>()
  // Whoever does not look at these must not be punished by an unhandled rejection.
  outcome.promise.catch(() => undefined)
  const timings: RunTimings = input.submittedMs === undefined ? {} : { submittedMs: input.submittedMs }
  const evidence: Evidence = { container: settings.container, job: input.job, events: [] }
  let progress: StartProgress = { since: clock.now() }
  let decided: Outcome | undefined
  let phase: { phase: Phase; message: string } | undefined
  let output: Promise<Verdict> | undefined
  let outputEnded = false
  let awaiting: { for: string; since: number } | undefined
  let checking = false
  let finishBy = Infinity

  const waker = createWaker(clock, signal, reconsider)
  const eventsOf = createObjectEvents(context, AbortSignal.any([signal, starting.signal]), (events, fresh) => {
    evidence.events = events
    if (fresh.type === 'Warning') {
      const message = fresh.message ?? fresh.reason ?? ''
      channel.push({ type: 'warning', code: `event_${fresh.reason ?? 'unknown'}`, message, at: clock.now() })
    }
    reconsider()
  })

  /** What runs by itself reports by itself; only a bug can get here. */
  function background(work: Promise<void>): void {
    work.catch((error: unknown) => warn({ code: 'unexpected', message: errorText(error), cause: error }))
  }

  function enter(next: Phase, message: string): void {
    if (phase?.phase === next && phase.message === message) return
    phase = { phase: next, message }
    channel.push({ type: 'phase', phase: next, message, at: clock.now() })
  }

  function onChange(change: BoardChange): void {
    if (change.of === 'job') seeJob(change.object, change.gone)
    else seePod(change.object, change.gone)
    reconsider()
  }
  function seeJob(job: Job, gone: boolean): void {
    evidence.job = job
    if (gone) evidence.jobGone ??= { at: clock.now(), by: 'watch' }
    const by = job.metadata?.annotations?.[annotation.cancelledBy]
    if (by !== undefined) evidence.cancel ??= { by }
  }
  function seePod(pod: Pod, gone: boolean): void {
    // There is one pod per run. Should another appear, the first is still the one whose output was read.
    if (evidence.pod !== undefined && evidence.pod.metadata?.uid !== pod.metadata?.uid) return
    evidence.pod = pod
    if (gone) evidence.podGone ??= { at: clock.now(), by: 'watch' }
    const ended = containerStatus(pod, settings.container)?.state?.terminated !== undefined
    if (pod.metadata?.deletionTimestamp === undefined && !gone) {
      if (ended) evidence.endedUndisturbed = true
    } else evidence.deletionSeenAt ??= clock.now()
  }

  function reconsider(): void {
    if (signal.aborted) return
    if (hasEndedByStatus(evidence)) containerEnded.resolve()
    if (evidence.podGone !== undefined || (evidence.pod !== undefined && isPodTerminal(evidence.pod))) podOver.resolve()
    if (evidence.pod === undefined && evidence.jobGone !== undefined) podOver.resolve()
    if (decided !== undefined) return
    if (hasStarted(evidence.pod, settings.container)) openLog()
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
    if (judgement.for === 'record' && outputEnded) decide(judgement.outcome)
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
      if (clock.now() >= finishBy) endLingering()
      else waker.set(finishBy)
      return
    }
    if (findInterruption(evidence) !== undefined) {
      enter('stopping', 'Stopping before it has started')
      return
    }
    const judged = judgeStart({
      job: evidence.job,
      pod: evidence.pod,
      events: evidence.events ?? [],
      graces: settings,
      now: clock.now(),
      progress,
    })
    if (judged.verdict === 'started') return
    progress = judged.progress
    if (judged.verdict === 'fail') {
      if (judged.cause.patience === 'at_once') decide(judged.outcome)
      else background(confirm(judged.outcome))
      return
    }
    const { cause, until } = judged
    enter(
      cause.patience === 'never' ? 'queued' : 'pending',
      cause.message === undefined ? cause.words : `${cause.words}: ${cause.message}`,
    )
    const asks = cause.askEvents === true ? (progress.cause?.since ?? 0) + patience.eventsMs : Infinity
    if (clock.now() >= asks) {
      eventsOf.about(evidence.pod?.metadata?.uid ?? jobUid)
      waker.set(until)
    } else waker.set(Math.min(until, asks))
  }

  /** A limit of time has passed. The watch may be blind, so the objects are read once more before it counts. */
  async function confirm(expected: Outcome): Promise<void> {
    if (checking) return
    checking = true
    const fresh = await refresh()
    checking = false
    if (decided !== undefined || signal.aborted) return
    if (!fresh) waker.set(clock.now() + 5000)
    // What has started or ended meanwhile is judged anew; only what still stands still counts.
    else if (
      hasEndedByStatus(evidence) ||
      (hasStarted(evidence.pod, settings.container) && expected.kind !== 'nodeLost')
    )
      reconsider()
    else decide(expected)
  }
  async function refresh(): Promise<boolean> {
    try {
      const name = evidence.pod?.metadata?.name
      if (name === undefined) seeJob(await client.get(kinds.Job, { name: jobName, namespace, signal }), false)
      else {
        const pod = await client.get(kinds.Pod, { name, namespace, signal })
        if (pod.metadata?.uid === evidence.pod?.metadata?.uid) seePod(pod, false)
      }
      return true
    } catch (error) {
      if (signal.aborted) return false
      if (isNotFound(error)) {
        if (evidence.pod === undefined) evidence.jobGone ??= { at: clock.now(), by: 'read' }
        else evidence.podGone ??= { at: clock.now(), by: 'read' }
        return true
      }
      warn({
        code: 'not_confirmed',
        message: `${jobName} cannot be read, so nothing is decided: ${errorText(error)}`,
        cause: error,
      })
      return false
    }
  }

  function openLog(): void {
    const pod = evidence.pod?.metadata?.name
    if (output !== undefined || pod === undefined) return
    output = readRunLog(context, {
      pod,
      container: settings.container,
      cursor: input.cursor,
      journal: input.journal,
      containerEnded: containerEnded.promise,
      signal,
      channel,
      onFirstLine: () => {
        timings.firstLineMs ??= clock.now() - calledAt
      },
      onRecord: (record) => {
        if (record.type === 'end') {
          evidence.end = record satisfies EndEvidence
          reconsider()
        } else if (record.type === 'notice') {
          const { code, message } = record
          channel.push({ type: 'warning', code: `launcher_${code}`, message, at: clock.now() })
        }
      },
    })
      .catch((error: unknown): Verdict => {
        if (!signal.aborted) {
          const message = `The output cannot be read any further: ${errorText(error)}`
          channel.push({ type: 'warning', code: 'log_failed', message, at: clock.now() })
        }
        return 'unverified'
      })
      .finally(() => {
        outputEnded = true
        reconsider()
      })
  }

  function decide(result: Outcome): void {
    decided = result
    timings.endedMs = clock.now() - calledAt
    waker.set(Infinity)
    starting.abort()
    enter('ended', `Ended: ${result.kind}`)
    const runHash = input.job.metadata?.labels?.[label.runHash] ?? ''
    const ending = { over: Promise.race([podOver.promise, settled.promise]), hurry: hurry.resolve }
    context.endings.set(runHash, ending)
    outcome.resolve(result)
    finish(result)
      .then(settled.resolve, (error: unknown) => {
        warn({ code: 'teardown_failed', message: errorText(error), cause: error })
        settled.resolve()
      })
      .finally(() => {
        if (context.endings.get(runHash) === ending) context.endings.delete(runHash)
        release()
      })
  }

  async function finish(result: Outcome): Promise<void> {
    if (evidence.pod !== undefined && hasStarted(evidence.pod, settings.container) && evidence.podGone === undefined)
      openLog()
    if (output !== undefined) {
      if (hasEndedByStatus(evidence)) containerEnded.resolve()
      const verdict = await output
      if (signal.aborted) return
      channel.push({ type: 'output', verdict })
    }
    channel.push({ type: 'outcome', outcome: result })
    channel.close()
    // The lock is let go with the Job, so first the pod should say that it is over.
    const stop = new AbortController()
    await Promise.race([
      podOver.promise,
      hurry.promise,
      evidence.end === undefined
        ? Promise.resolve()
        : clock.sleep(settleMs, AbortSignal.any([signal, stop.signal])).catch(() => undefined),
    ])
    stop.abort()
    if (!signal.aborted) await tearDown(context, input.job, result, settings)
  }

  function release(): void {
    scope.abort()
    leave()
    releaseBoard()
  }

  function endLingering(): void {
    finishBy = Infinity
    evidence.stoppedAfterFinish = true
    const pod = evidence.pod?.metadata
    if (pod?.name === undefined) return
    client
      .delete(kinds.Pod, {
        name: pod.name,
        namespace,
        gracePeriodSeconds: settings.graceSeconds,
        preconditions: { uid: pod.uid },
        signal,
      })
      .catch((error: unknown) => {
        if (signal.aborted || isNotFound(error)) return
        const message = `The pod that lingers after its work could not be ended: ${errorText(error)}`
        channel.push({ type: 'warning', code: 'not_ended', message, at: clock.now() })
        finishBy = clock.now() + finishMarginMs
        reconsider()
      })
  }

  async function cancel({
    by,
    graceSeconds = settings.graceSeconds,
    signal: waiting,
  }: CancelOptions): Promise<CancelVerdict> {
    if (evidence.podGone === undefined && decided === undefined) {
      evidence.cancel ??= { by }
      enter('stopping', `Cancelled by ${by}`)
    }
    return stopRun(context, {
      jobName,
      jobUid,
      by,
      graceSeconds,
      pod: () => evidence.pod,
      podOver: podOver.promise,
      started: hasStarted(evidence.pod, settings.container),
      ...(waiting === undefined ? {} : { signal: waiting }),
    })
  }

  enter('submitted', `Job ${jobName} is submitted`)
  const leave = board.subscribe(jobUid, onChange)
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
    async finished() {
      if (decided !== undefined || finishBy !== Infinity || evidence.stoppedAfterFinish === true) return
      finishBy = clock.now() + settings.hangAfterFinishMs + finishMarginMs
      reconsider()
    },
    async detach() {
      if (signal.aborted) return
      outcome.reject(new RunError('detached', `Job ${jobName} is no longer followed from here. It goes on.`))
      release()
      channel.close()
      settled.resolve()
      await output
    },
  }
}
