import type { Evidence, StopReason } from './evidence.ts'
import type { FollowSettings } from './follow-settings.ts'
import { findInterruption } from './interruption.ts'
import { judgeOutcome, type AwaitedEvidence, type Judgement } from './judge-outcome.ts'
import type { Outcome } from './outcome.ts'
import { hasStarted } from './read-pod.ts'
import type { Phase } from './run-event.ts'
import { judgeStart, type StartProgress } from './start-judgement.ts'

/** How long to wait for better evidence, in milliseconds. */
export interface EvidencePatience {
  /** For the end of a container whose end record was read. */
  endMs: number
  /** How long to wait for a pod, or for its setup, before reading Events. */
  eventsMs: number
  /** How long the output may be silent before its connection is checked. */
  silenceMs: number
  /** How long to keep trying to read the remaining output. */
  drainMs: number
}

/** The state carried from one step to the next. All times are by the monotonic clock of this process. */
export interface FollowState {
  readonly start: StartProgress
  /** The evidence being waited for, and since when. */
  readonly awaiting?: { readonly for: AwaitedEvidence; readonly since: number } | undefined
  /** The container was first seen running. */
  readonly runningSince?: number | undefined
  /** The caller reported that the work is done. */
  readonly finishedAt?: number | undefined
  /** A confirmation failed, or the pod could not be stopped: do not retry before this time. */
  readonly notBefore?: number | undefined
  /** The run can no longer be started a second time, or a request for that is under way. */
  readonly sealed?: boolean | undefined
  readonly restartForbidden?: boolean | undefined
  /** The proof of the container's end was requested. It is requested once; after that the status decides. */
  readonly proving?: boolean | undefined
  /** The objects are being read again. */
  readonly confirming: boolean
}

/** The input of a step besides its state. */
export interface FollowView {
  readonly evidence: Evidence
  readonly now: number
  readonly settings: FollowSettings
  readonly patience: EvidencePatience
  /** When output was last received. */
  readonly lastOutputAt: number
}

/** The outcome unless a fresh read of the objects says otherwise. */
export type Expectation =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'stop'; readonly reason: StopReason }

/** What the follower does after a step. */
export type Effect =
  | { readonly do: 'phase'; readonly phase: Phase; readonly message: string }
  | { readonly do: 'read_output'; readonly pod: string }
  | { readonly do: 'ask_events' }
  /** Makes a second start impossible: a queue may admit the Job again. */
  | { readonly do: 'seal' }
  /** Removes a suspended Job before its queue admits it again. */
  | { readonly do: 'forbid_restart' }
  | { readonly do: 'confirm'; readonly expected: Expectation }
  /** Asks the kubelet for a proof of the container's end that is faster than the pod's status. */
  | { readonly do: 'prove_end' }
  | { readonly do: 'decide'; readonly outcome: Outcome }

/** The next state, what to do now, and when to step again if nothing changes (`Infinity`: only on a change). */
export interface Step {
  readonly state: FollowState
  readonly effects: readonly Effect[]
  readonly wakeAt: number
}

/** The launcher enforces its limits itself; the runner acts only when it did not. */
const launcherMarginMs = 15_000
/** How long after a failed confirmation to retry. */
export const lookAgainMs = 5_000

/** The state of a run that was just submitted or attached to. */
export function firstState(now: number): FollowState {
  return { start: { since: now }, confirming: false }
}

const quiet = (state: FollowState, wakeAt = Infinity): Step => ({ state, effects: [], wakeAt })

/** Confirms what is expected, unless that is under way or was tried a moment ago. */
function confirm(state: FollowState, now: number, expected: Expectation): Step {
  if (state.confirming) return quiet(state)
  if (state.notBefore !== undefined && now < state.notBefore) return quiet(state, state.notBefore)
  return { state: { ...state, confirming: true }, effects: [{ do: 'confirm', expected }], wakeAt: Infinity }
}

function awaitEvidence(
  state: FollowState,
  { now, patience }: FollowView,
  judgement: Extract<Judgement, { verdict: 'await' }>,
): Step {
  const awaiting = state.awaiting?.for === judgement.for ? state.awaiting : { for: judgement.for, since: now }
  const next = { ...state, awaiting }
  const { outcome } = judgement
  const usualMs = { container_end: patience.endMs, kill_reason: patience.endMs, output: Infinity, termination: 0 }
  const waitMs = judgement.waitSeconds === undefined ? usualMs[judgement.for] : judgement.waitSeconds * 1000
  const until = awaiting.since + waitMs
  if (now < until) {
    if (judgement.for !== 'container_end' || state.proving === true) return quiet(next, until)
    return { state: { ...next, proving: true }, effects: [{ do: 'prove_end' }], wakeAt: until }
  }
  switch (judgement.for) {
    case 'output':
      return { state: next, effects: [{ do: 'decide', outcome }], wakeAt: Infinity }
    case 'container_end':
    case 'kill_reason':
      return confirm(next, now, { kind: 'stop', reason: 'unconfirmed_end' })
    case 'termination':
      return confirm(next, now, { kind: 'outcome', outcome })
    default:
      return judgement.for satisfies never
  }
}

/** When the runner stops the pod because the launcher did not end the command in time. */
function nextStop(state: FollowState, view: FollowView): { at: number; reason: StopReason } {
  const { settings, lastOutputAt } = view
  const { runningSince = Infinity, finishedAt = Infinity } = state
  const lastSign = Math.max(runningSince, lastOutputAt)
  const stops: { at: number; reason: StopReason }[] = [
    { at: finishedAt + settings.hangAfterFinishMs, reason: 'lingering' },
    { at: runningSince + (settings.totalMs ?? Infinity), reason: 'total_limit' },
    { at: lastSign + (settings.idleMs ?? Infinity), reason: 'idle_limit' },
  ]
  const first = stops.reduce((a, b) => (b.at < a.at ? b : a))
  return { at: first.at + launcherMarginMs, reason: first.reason }
}

function whileRunning(state: FollowState, view: FollowView): Step {
  const { evidence, now } = view
  const { pod, stopped } = evidence
  const next = { ...state, runningSince: state.runningSince ?? now }
  const stopping = findInterruption(evidence)
  const phase: Effect =
    stopping === undefined
      ? {
          do: 'phase',
          phase: 'running',
          message: `Running in pod ${pod?.metadata?.name} on node ${pod?.spec?.nodeName}`,
        }
      : { do: 'phase', phase: 'stopping', message: `Stopping: ${stopping.reason ?? stopping.kind.kind}` }
  if (stopping !== undefined || stopped !== undefined) return { state: next, effects: [phase], wakeAt: Infinity }
  const stop = nextStop(next, view)
  if (now < stop.at) return { state: next, effects: [phase], wakeAt: stop.at }
  const { state: after, effects, wakeAt } = confirm(next, now, { kind: 'stop', reason: stop.reason })
  return { state: after, effects: [phase, ...effects], wakeAt }
}

function whileStarting(state: FollowState, view: FollowView): Step {
  const { evidence, now, settings, patience } = view
  const { job, pod, events = [] } = evidence
  if (findInterruption(evidence) !== undefined) {
    const message = 'Stopping before the command has started'
    return { state, effects: [{ do: 'phase', phase: 'stopping', message }], wakeAt: Infinity }
  }
  const judged = judgeStart({
    job,
    pod,
    events,
    graces: { ...settings, container: evidence.container },
    now,
    progress: state.start,
    queue: { name: settings.queue, news: evidence.queue },
  })
  if (judged.verdict === 'started') return quiet(state)
  const next = { ...state, start: judged.progress }
  const { cause } = judged
  if (judged.verdict === 'fail') {
    const { outcome } = judged
    if (cause.patience === 'at_once') return { state: next, effects: [{ do: 'decide', outcome }], wakeAt: Infinity }
    return confirm(next, now, { kind: 'outcome', outcome })
  }
  const message = cause.message === undefined ? cause.words : `${cause.words}: ${cause.message}`
  const phase: Effect = { do: 'phase', phase: cause.patience === 'never' ? 'queued' : 'pending', message }
  const asksAt = cause.askEvents === true ? (judged.progress.cause?.since ?? 0) + patience.eventsMs : Infinity
  if (now < asksAt) return { state: next, effects: [phase], wakeAt: Math.min(judged.until, asksAt) }
  return { state: next, effects: [phase, { do: 'ask_events' }], wakeAt: judged.until }
}

/**
 * One step of following a run: decides what to do from everything known. Pure and level-based: it may be called at
 * any time and any number of times.
 */
export function followStep(state: FollowState, view: FollowView): Step {
  const { evidence } = view
  const started = hasStarted(evidence.pod, evidence.container)
  const podName = evidence.pod?.metadata?.name
  const read: Effect[] = started && podName !== undefined ? [{ do: 'read_output', pod: podName }] : []
  const judgement = judgeOutcome(evidence)
  const step = (): Step => {
    switch (judgement.verdict) {
      case 'decided':
        return { state, effects: [{ do: 'decide', outcome: judgement.outcome }], wakeAt: Infinity }
      case 'await': {
        const awaited = awaitEvidence(state, view, judgement)
        const phase = awaitPhase(judgement, evidence)
        return phase === undefined ? awaited : { ...awaited, effects: [phase, ...awaited.effects] }
      }
      case 'undecided': {
        const { awaiting: _, ...rest } = state
        return started ? whileRunning(rest, view) : whileStarting(rest, view)
      }
      default:
        return judgement satisfies never
    }
  }
  const { effects, state: after, wakeAt } = step()
  const guard = guardRestart(after, view, started)
  return { state: guard.state, wakeAt, effects: [...read, ...guard.effects, ...effects] }
}

/** A queue that takes its quota back lets the Job start a second pod later, which would restart the work. */
function guardRestart(state: FollowState, { evidence, settings }: FollowView, started: boolean) {
  const effects: Effect[] = []
  const seal = started && settings.queue !== undefined && state.sealed !== true
  if (seal) effects.push({ do: 'seal' })
  const isScheduled = evidence.pod?.spec?.nodeName !== undefined
  const forbid = evidence.suspended === true && isScheduled && state.restartForbidden !== true
  if (forbid) effects.push({ do: 'forbid_restart' })
  return {
    effects,
    state: { ...state, ...(seal ? { sealed: true } : {}), ...(forbid ? { restartForbidden: true } : {}) },
  }
}

function awaitPhase(
  { for: awaited }: Extract<Judgement, { verdict: 'await' }>,
  evidence: Evidence,
): Effect | undefined {
  switch (awaited) {
    case 'container_end':
    case 'kill_reason':
      return { do: 'phase', phase: 'stopping', message: 'The command has ended; waiting for its container to end' }
    case 'output':
      if (evidence.output === undefined) return undefined
      return { do: 'phase', phase: 'stopping', message: 'The container has ended; reading the rest of its output' }
    case 'termination':
      return undefined
    default:
      return awaited satisfies never
  }
}
