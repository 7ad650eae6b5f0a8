import type { EndRecord } from '@agent-jobs/frames'
import { errorClause, openAbortScope } from '@agent-jobs/primitives'
import { concludeRun } from './conclude-run.ts'
import { createEventChannel, type EventChannel } from './event-channel.ts'
import type { Evidence, StopReason } from './evidence.ts'
import type { FollowInput } from './follow-input.ts'
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
import type { KubeEvent } from './kubernetes.ts'
import { isEndProvenByLog } from './log-proof.ts'
import { readLogTail } from './log-tail.ts'
import { createObjectEvents, type ObjectEvents } from './object-events.ts'
import { mayStillRun, type Outcome } from './outcome.ts'
import { createPodMilestones } from './pod-milestones.ts'
import { readAgain } from './read-again.ts'
import { hasStarted } from './read-pod.ts'
import { RunError } from './run-error.ts'
import { gatherEvidence, type RunEvidence } from './run-evidence.ts'
import type { Phase, RunEvent } from './run-event.ts'
import type { CancelOptions, CancelVerdict, RunHandle, RunTimings } from './run-handle.ts'
import { createRunOutput, type RunOutput } from './run-output.ts'
import type { RunnerContext } from './runner-context.ts'
import { forbidRestart, sealRun } from './second-start.ts'
import { isStillSilent } from './silence.ts'
import { noteStart } from './start-timings.ts'
import { stopPod } from './stop-pod.ts'
import { stopRun } from './stop-run.ts'
import { createWaker, type Waker } from './waker.ts'
import type { BoardChange, WatchBoard } from './watch-board.ts'

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
  return new Follower(context, input, patience).begin(board)
}

class Follower {
  readonly #context: RunnerContext
  readonly #input: FollowInput
  readonly #patience: EvidencePatience
  readonly #jobName: string
  readonly #jobUid: string
  readonly #channel: EventChannel<RunEvent>
  readonly #milestones = createPodMilestones()
  readonly #gathered: RunEvidence
  readonly #output: RunOutput
  readonly #waker: Waker
  readonly #events: ObjectEvents
  readonly #timings: RunTimings
  readonly #outcome = Promise.withResolvers<Outcome>()
  readonly #settled = Promise.withResolvers<void>()
  /** Following ends. */
  readonly #scope = new AbortController()
  /** The container has started. */
  readonly #starting = new AbortController()
  /** The outcome is decided. */
  readonly #undecided = new AbortController()
  readonly #releases: (() => void)[] = []
  #state: FollowState
  #decided: Outcome | undefined
  #isExplaining = false
  #phase: { phase: Phase; message: string } | undefined

  constructor(context: RunnerContext, input: FollowInput, patience: EvidencePatience) {
    const { clock } = context
    const { signal } = this.#scope
    this.#context = context
    this.#input = input
    this.#patience = patience
    this.#jobName = input.job.metadata?.name ?? ''
    this.#jobUid = input.job.metadata?.uid ?? ''
    this.#channel = createEventChannel<RunEvent>(maxQueuedEvents, (count) =>
      this.#warning('events_dropped', `${count} events were dropped because nothing read them`),
    )
    this.#timings = input.submittedMs === undefined ? {} : { submittedMs: input.submittedMs }
    this.#gathered = gatherEvidence(input.settings.container, input.job, () => clock.wallTime())
    this.#state = firstState(clock.now())
    const step = (): void => this.#step()
    this.#waker = createWaker(clock, signal, step, (error) => this.#fail(error))
    this.#events = createObjectEvents(context, AbortSignal.any([signal, this.#starting.signal]), (events, fresh) => {
      this.#seeEvents(events, fresh)
    })
    this.#output = createRunOutput(context, {
      evidence: this.#evidence,
      cursor: input.cursor,
      journal: input.journal,
      containerEnded: this.#milestones.containerEnded,
      silenceMs: patience.silenceMs,
      drainMs: patience.drainMs,
      signal,
      channel: this.#channel,
      onFirstLine: () => {
        this.#timings.firstLineMs ??= clock.now() - input.calledAt
      },
      onEnd: (end: EndRecord) => {
        this.#evidence.end = end
        this.#step()
      },
      onEnded: step,
    })
    // A caller that reads only the events must not get an unhandled rejection from `outcome`.
    this.#outcome.promise.catch(() => undefined)
  }

  get #evidence(): Evidence {
    return this.#gathered.evidence
  }

  /** Subscribes to everything that may change, takes the first step, and returns what the caller sees. */
  begin(board: WatchBoard): RunHandle {
    const { queues, closed } = this.#context
    const { queue } = this.#input.settings
    this.#releases.push(board.hold())
    this.#enter('submitted', `Job ${this.#jobName} is submitted`)
    this.#releases.push(board.subscribe(this.#jobUid, (change) => this.#see(change)))
    if (queue !== undefined) {
      const leave = queues.subscribe(this.#jobUid, queue, (news) => {
        this.#evidence.queue = news
        this.#step()
      })
      this.#releases.push(leave)
    }
    const onClosed = (): void => this.#inBackground(this.#detach())
    closed.signal.addEventListener('abort', onClosed, { once: true })
    this.#releases.push(() => closed.signal.removeEventListener('abort', onClosed))
    this.#step()
    return this.#handle()
  }

  #handle(): RunHandle {
    const { runId, key } = this.#input
    const evidence = this.#evidence
    return {
      job: { name: this.#jobName, namespace: this.#context.namespace, uid: this.#jobUid },
      get pod() {
        const { name: pod } = evidence.pod?.metadata ?? {}
        return pod === undefined ? undefined : { name: pod, node: evidence.pod?.spec?.nodeName }
      },
      runId,
      key,
      events: this.#channel,
      outcome: this.#outcome.promise,
      settled: this.#settled.promise,
      timings: this.#timings,
      cancel: (options) => this.#cancel(options),
      finished: (isFinished) => this.#finished(isFinished),
      detach: () => this.#detach(),
    }
  }

  #warning(code: string, message: string): RunEvent {
    return { type: 'warning', code, message, at: this.#context.clock.wallTime() }
  }

  #warn(code: string, message: string): void {
    this.#channel.push(this.#warning(code, message))
  }

  /** A fault in background work is a fault of this run. */
  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => this.#fail(error))
  }

  #fail(error: unknown): void {
    if (this.#scope.signal.aborted) return
    const message = `Following Job ${this.#jobName} failed: ${errorClause(error)}.`
    this.#context.warn({ code: 'follow_failed', message, cause: error })
    this.#decide({
      kind: 'followFailed',
      code: 'follow_failed',
      exitCode: null,
      signal: null,
      source: 'none',
      notes: [`The error: ${errorClause(error)}.`],
    })
  }

  #see(change: BoardChange): void {
    try {
      this.#gathered.see(change)
    } catch (error) {
      this.#fail(error)
    }
    this.#step()
  }

  #seeEvents(events: readonly KubeEvent[], fresh: KubeEvent): void {
    this.#evidence.events = events
    if (fresh.type === 'Warning') {
      this.#warn(`event_${fresh.reason ?? 'unknown'}`, fresh.message ?? fresh.reason ?? '')
    }
    this.#step()
  }

  #step(): void {
    if (this.#scope.signal.aborted) return
    try {
      const { clock } = this.#context
      const now = clock.now()
      this.#milestones.look(this.#evidence)
      noteStart(this.#timings, this.#evidence, { elapsedMs: now - this.#input.calledAt, wallTime: clock.wallTime() })
      if (this.#decided !== undefined) return
      const next = followStep(this.#state, {
        evidence: this.#evidence,
        now,
        settings: this.#input.settings,
        patience: this.#patience,
        lastOutputAt: this.#output.lastAt,
      })
      this.#state = next.state
      if (next.state.runningSince !== undefined) {
        this.#timings.runningMs ??= now - this.#input.calledAt
        this.#starting.abort()
      }
      this.#waker.set(next.wakeAt)
      for (const effect of next.effects) this.#perform(effect)
    } catch (error) {
      this.#fail(error)
    }
  }

  #perform(effect: Effect): void {
    const { job, settings, observe = false } = this.#input
    const { signal } = this.#scope
    switch (effect.do) {
      case 'phase':
        this.#enter(effect.phase, effect.message)
        break
      case 'read_output':
        this.#output.open(effect.pod)
        break
      case 'ask_events':
        this.#events.about(this.#evidence.pod?.metadata?.uid ?? this.#jobUid)
        break
      case 'seal':
        if (!observe) this.#inBackground(sealRun(this.#context, job, settings, signal))
        break
      case 'forbid_restart':
        if (!observe) this.#inBackground(forbidRestart(this.#context, { ...this.#ids, signal }))
        break
      case 'confirm':
        this.#inBackground(this.#confirm(effect.expected))
        break
      case 'prove_end':
        this.#inBackground(this.#proveEnd())
        break
      case 'decide':
        if (effect.outcome.kind === 'initFailed') this.#inBackground(this.#explainInit(effect.outcome))
        else this.#decide(effect.outcome)
        break
      default:
        effect satisfies never
    }
  }

  get #ids(): { jobName: string; jobUid: string } {
    return { jobName: this.#jobName, jobUid: this.#jobUid }
  }

  #enter(phase: Phase, message: string): void {
    if (this.#phase?.phase === phase && this.#phase.message === message) return
    this.#phase = { phase, message }
    this.#channel.push({ type: 'phase', phase, message, at: this.#context.clock.wallTime() })
  }

  /** A time limit has passed. The watch may be behind, so the objects are read again before the limit counts. */
  async #confirm(expected: Expectation): Promise<void> {
    const evidence = this.#evidence
    const { signal } = this.#scope
    const look = () => [hasEndedByStatus(evidence), hasStarted(evidence.pod, evidence.container)].join()
    const before = look()
    let isConfirmed = false
    try {
      const wasRead = await readAgain(this.#context, this.#gathered, { ...this.#ids, signal })
      isConfirmed = wasRead && (await this.#holds(expected))
      if (!wasRead) this.#lookLater()
    } finally {
      this.#state = { ...this.#state, confirming: false }
    }
    if (this.#decided !== undefined || signal.aborted) return
    // Judge again: containers may have started or ended since.
    if (!isConfirmed || look() !== before) this.#step()
    else if (expected.kind === 'outcome') this.#decide(expected.outcome)
    else await this.#stop(expected.reason)
  }

  #lookLater(): void {
    this.#state = { ...this.#state, notBefore: this.#context.clock.now() + lookAgainMs }
  }

  async #proveEnd(): Promise<void> {
    using proving = openAbortScope(this.#scope.signal, this.#undecided.signal)
    try {
      if (!(await isEndProvenByLog(this.#context, this.#evidence, proving.signal))) return
    } catch (error) {
      if (proving.signal.aborted) return
      throw error
    }
    this.#evidence.endProven = true
    this.#milestones.takeContainerForEnded()
    this.#step()
  }

  /** Silence is a reason to stop a run only when the log itself confirms it. */
  async #holds(expected: Expectation): Promise<boolean> {
    if (expected.kind !== 'stop' || expected.reason !== 'idle_limit') return true
    const isSilent = await isStillSilent(this.#context, this.#evidence, this.#output.newestAt, this.#scope.signal)
    if (!isSilent) this.#lookLater()
    return isSilent
  }

  /** Keeps the last output of an init container before the pod is removed with its log. */
  async #explainInit(failed: Extract<Outcome, { kind: 'initFailed' }>): Promise<void> {
    if (this.#isExplaining) return
    this.#isExplaining = true
    const tail = await readLogTail(this.#context, this.#evidence.pod, failed.container, this.#scope.signal)
    this.#decide(tail === undefined ? failed : { ...failed, notes: [...failed.notes, `It printed: ${tail}.`] })
  }

  async #stop(reason: StopReason): Promise<void> {
    const evidence = this.#evidence
    const { signal } = this.#scope
    this.#warn(`stopped_${reason}`, `${stopMessages[reason]}. Its pod is stopped.`)
    evidence.stopped = reason
    try {
      await stopPod(this.#context, evidence.pod, this.#input.settings.graceSeconds, signal)
    } catch (error) {
      if (signal.aborted) return
      this.#warn('not_stopped', `The pod could not be stopped: ${errorClause(error)}. Trying again.`)
      evidence.stopped = undefined
      this.#lookLater()
    }
    this.#step()
  }

  #decide(result: Outcome): void {
    if (this.#decided !== undefined) return
    this.#decided = result
    this.#timings.endedMs = this.#context.clock.now() - this.#input.calledAt
    this.#waker.set(Infinity)
    this.#starting.abort()
    this.#undecided.abort()
    this.#enter('ended', `Ended: ${result.kind}`)
    this.#outcome.resolve(result)
    this.#conclude(result).finally(() => {
      this.#settled.resolve()
      this.#release()
    })
  }

  async #conclude(outcome: Outcome): Promise<void> {
    const { job, settings, observe = false } = this.#input
    const run = {
      job,
      settings,
      observe,
      gathered: this.#gathered,
      milestones: this.#milestones,
      output: this.#output,
      channel: this.#channel,
      signal: this.#scope.signal,
    }
    try {
      await concludeRun(this.#context, run, outcome)
    } catch (error) {
      this.#context.warn({ code: 'teardown_failed', message: errorClause(error), cause: error })
      // The reader of the events always gets the outcome. A closed channel ignores it.
      this.#channel.push({ type: 'outcome', outcome })
      this.#channel.close()
    }
  }

  #release(): void {
    this.#scope.abort()
    for (const release of this.#releases.splice(0)) release()
  }

  async #detach(): Promise<void> {
    if (this.#scope.signal.aborted) return
    const message = `Job ${this.#jobName} is no longer followed by this process. It continues.`
    this.#outcome.reject(new RunError('detached', message))
    this.#release()
    this.#channel.close()
    this.#settled.resolve()
    await this.#output.report
  }

  async #cancel(options: CancelOptions): Promise<CancelVerdict> {
    const { by, graceSeconds = this.#input.settings.graceSeconds, signal } = options
    const evidence = this.#evidence
    if (this.#decided !== undefined && !mayStillRun(this.#decided)) {
      // The run has ended and is being removed.
      await this.#settled.promise
      return 'gone'
    }
    evidence.cancel ??= { by }
    this.#enter('stopping', `Cancelled by ${by}`)
    return stopRun(this.#context, {
      ...this.#ids,
      by,
      graceSeconds,
      pod: () => evidence.pod,
      podOver: this.#milestones.podOver,
      started: hasStarted(evidence.pod, evidence.container),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  async #finished(isFinished = true): Promise<void> {
    if (this.#decided !== undefined) return
    const finishedAt = isFinished ? (this.#state.finishedAt ?? this.#context.clock.now()) : undefined
    this.#state = { ...this.#state, finishedAt }
    this.#step()
  }
}
