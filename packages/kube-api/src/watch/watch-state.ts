import { backoffMs } from '@agent-jobs/primitives'
import { isGone } from '../error-predicates.ts'
import { KubeError } from '../kube-error.ts'
import type { ListWatchTuning } from './watch-tuning.ts'

/** State of a list-watch between two sessions. */
export interface WatchState {
  /** Continue after this version; undefined when everything must be reported again. */
  readonly version: string | undefined
  /** Version of the last complete list. */
  readonly syncedAt: string | undefined
  /** Whether the first state is requested by watch (WatchList) or by a plain list. */
  readonly start: 'watch-list' | 'list'
  /** A proxy on the way seems to hold bodies back until their end. */
  readonly isBuffered: boolean
  readonly relistAt: number
  /** Lists in a row that were older than the known state. */
  readonly staleLists: number
  /** Sessions in a row that did not live long enough. */
  readonly failures: number
  /** Watches in a row that were refused. */
  readonly refusals: number
}

/** The state of a watch that has not begun. */
export const freshState: WatchState = {
  version: undefined,
  syncedAt: undefined,
  start: 'watch-list',
  isBuffered: false,
  relistAt: 0,
  staleLists: 0,
  failures: 0,
  refusals: 0,
}

/** How a session ended. */
export type SessionEnd =
  /** The server ended it, as requested. */
  | { readonly kind: 'ended' }
  /** It was replaced, because it delivered nothing or a new list was due. */
  | { readonly kind: 'interrupted'; readonly why: 'silent' | 'relist due' }
  | { readonly kind: 'failed'; readonly error: KubeError }

/** What to do after a session. */
export interface NextStep {
  readonly state: WatchState
  readonly waitMs: number
  /** Worth reporting. */
  readonly problem?: KubeError
  /** The watch cannot recover: end it with this error. */
  readonly giveUp?: KubeError
}

/** What the decision depends on besides state and end. */
export interface StepContext {
  /** What is watched, for messages. */
  readonly name: string
  readonly livedMs: number
  /** Whether the headers of a watch had arrived. */
  readonly wasOpen: boolean
  readonly tuning: ListWatchTuning
  readonly random: () => number
}

// After this many refused watches in a row the version itself is suspect; a new list gets a good one.
const maxRefusals = 5
// Credentials that fail this often before the first state will not start to work.
const maxCredentialFailures = 5
// A server's requested pause is respected, but a wrong header must not silence a watch for a day.
const maxRetryAfterMs = 120_000

function pause(
  state: WatchState,
  { tuning, random }: StepContext,
  error?: KubeError,
): { state: WatchState; waitMs: number } {
  const asked = Math.min(error?.retryAfterMs ?? 0, maxRetryAfterMs)
  const waitMs = Math.round(backoffMs(state.failures, { ...tuning.backoff, random }, asked))
  return { state: { ...state, failures: state.failures + 1 }, waitMs }
}

function silence(isFirst: boolean, { name, tuning }: StepContext): KubeError {
  const what = isFirst ? 'did not tell its whole state in time' : `brought no byte for ${tuning.silenceMs} ms`
  return new KubeError({
    code: 'timeout',
    message: `The watch of ${name} ${what}. Listing again; if this repeats, look for a proxy that holds answers back.`,
    retryable: true,
  })
}

function afterInterruption(state: WatchState, why: 'silent' | 'relist due', context: StepContext): NextStep {
  const isFirst = state.version === undefined
  const next: WatchState = {
    ...state,
    version: undefined,
    // Silence at the start: a server that treats WatchList as a plain watch never reports that the state is complete.
    start: isFirst ? 'list' : state.start,
    // A dead link works again in the next session. Silence there, too, comes from a proxy that holds bodies back:
    // short watches get changes through it. The periodic list ends that mode.
    isBuffered: why === 'silent' && (isFirst || state.start === 'list'),
  }
  return { state: next, waitMs: 0, ...(why === 'silent' ? { problem: silence(isFirst, context) } : {}) }
}

const isAnswer = ({ status, code }: KubeError): boolean =>
  status !== undefined || code === 'bad_response' || code === 'response_too_large'

/** Not even headers arrived in time. */
const isUnanswered = ({ status, code }: KubeError): boolean => code === 'timeout' && status === undefined

/** Whether to request a first state by list after a failed watch: progress counts, whatever the reason of the refusal. */
function callsForList({ version, start }: WatchState, error: KubeError, { wasOpen }: StepContext): boolean {
  if (version !== undefined || start === 'list') return false
  if (error.status === 401 || error.status === 429 || isGone(error)) return false
  // A link that breaks in the middle of the first state may always break there.
  return isAnswer(error) || isUnanswered(error) || (error.code === 'connection' && wasOpen)
}

/** Servers before WatchList answer with these, which is not a problem. */
const isOldServer = ({ status }: KubeError): boolean => status === 400 || status === 422

function isHopeless({ syncedAt, failures }: WatchState, error: KubeError): boolean {
  if (syncedAt !== undefined) return false
  return !error.retryable || (error.code === 'credentials' && failures + 1 >= maxCredentialFailures)
}

function afterFailure(state: WatchState, error: KubeError, context: StepContext): NextStep {
  if (callsForList(state, error, context)) {
    const next: WatchState = { ...state, start: 'list', isBuffered: isUnanswered(error) }
    return { state: next, waitMs: 0, ...(isOldServer(error) ? {} : { problem: error }) }
  }
  if (isGone(error)) {
    const next: WatchState = { ...state, version: undefined }
    return state.version === undefined
      ? { ...pause(next, context, error), problem: error }
      : { state: next, waitMs: 0, problem: error }
  }
  if (isHopeless(state, error)) return { state, waitMs: 0, giveUp: error }
  const refusals = isAnswer(error) ? state.refusals + 1 : state.refusals
  // An unreadable line would come again at this version, and a version the server rejects stays rejected.
  const isSuspect = error.code === 'bad_response' || isUnanswered(error) || refusals >= maxRefusals
  const next: WatchState = {
    ...state,
    refusals,
    version: isSuspect ? undefined : state.version,
    // Not even headers arrived: they are held back together with the body.
    isBuffered: state.isBuffered || isUnanswered(error),
  }
  return { ...pause(next, context, error), problem: error }
}

/** Decides how a list-watch continues after a session. Pure. */
export function nextStep(state: WatchState, end: SessionEnd, context: StepContext): NextStep {
  const wasHealthy = context.livedMs >= context.tuning.healthyMs
  const rested: WatchState = wasHealthy ? { ...state, failures: 0 } : state
  switch (end.kind) {
    case 'ended': {
      // A server that misunderstood the request (a plain list, a watch that just ends) is asked for a list.
      const next: WatchState = rested.version === undefined ? { ...rested, start: 'list' } : rested
      // A server that ends each watch at once is not asked again at once.
      return wasHealthy ? { state: next, waitMs: 0 } : pause(next, context)
    }
    case 'interrupted':
      return afterInterruption(rested, end.why, context)
    case 'failed':
      return afterFailure(rested, end.error, context)
    default:
      return end satisfies never
  }
}
