import { describeOutcome, mayStillRun, type Outcome } from '@agent-jobs/k8s-job-runner'
import type { AgentSummary } from './agent-summary.ts'
import { silenceCodes } from './run-codes.ts'

/** What is known about the completeness of a run's output. */
export interface OutputState {
  /** `complete`: every line was read. `lost`: lines are missing. `unverified`: neither is proven. */
  readonly verdict: 'complete' | 'unverified' | 'lost'
  /** Lines that were read, of both streams. */
  readonly lines: number
  /** Why the output, or the end of it, could not be read; null when no read failed permanently. */
  readonly problem: string | null
}

/** The evidence that a run is judged by. */
export interface RunEvidence {
  readonly outcome: Outcome
  readonly summary: AgentSummary
  readonly output: OutputState
  /** The agent was seen to run: its container ran, or it printed something. */
  readonly seenRunning: boolean
  /** The agent had finished its work when the run was cancelled. */
  readonly finishedBeforeCancel: boolean
  /** The agent's name in sentences. */
  readonly title: string
}

/** How a run ended, for its caller. */
export type JudgedRun =
  /** The agent did its work; `warning` says what happened to its process or pod afterwards. */
  | { readonly kind: 'succeeded'; readonly warning: string | null }
  | {
      readonly kind: 'failed'
      /** Stable: a code of an outcome, of a parser, or one that takes both (`runCodeTable.joined`). */
      readonly code: string
      readonly message: string
      /** Whose code it is: the agent's own, or that of what happened to its Job. */
      readonly source: 'agent' | 'run'
      /** False when it is certain that the agent never started. */
      readonly began: boolean
      /** False when its process may still be running. */
      readonly stopped: boolean
    }

type Failure = Extract<JudgedRun, { kind: 'failed' }>

/**
 * Whose evidence decides about a failed run: the `pod`'s, which the agent's own output cannot overrule; that of the
 * `start`, because the agent's process never began; or the `agent`'s.
 */
const decidedBy: Readonly<Record<Outcome['kind'], 'pod' | 'start' | 'agent'>> = {
  succeeded: 'agent',
  exited: 'agent',
  signalled: 'agent',
  oomKilled: 'pod',
  evicted: 'pod',
  preempted: 'pod',
  nodeLost: 'pod',
  containerLost: 'pod',
  deadlineExceeded: 'pod',
  outputLimitExceeded: 'pod',
  cancelled: 'pod',
  deletedExternally: 'pod',
  lost: 'pod',
  followFailed: 'pod',
  unschedulable: 'start',
  imageError: 'start',
  configError: 'start',
  initFailed: 'start',
  admissionDenied: 'start',
  quotaExceeded: 'start',
  startFailed: 'start',
}

/** Whether the agent's own output proves that the work is done: a result of success, and nothing pending. */
export function isFinalSuccess({ finished, errorCode }: Pick<AgentSummary, 'finished' | 'errorCode'>): boolean {
  return finished && errorCode === null
}

/**
 * Judges a run. A final, complete success of the agent is a success, whatever happened to its process or pod afterwards,
 * unless the run was cancelled before. Exit 0 without a result is `no_result`. Everything else fails with the best
 * evidence: what happened to the pod, then what the agent reported, then how its process ended.
 */
export function judgeRun(evidence: RunEvidence): JudgedRun {
  const { outcome, summary, output, title } = evidence
  const happened = describeOutcome(outcome).message
  const failed = (code: string, message: string, source: Failure['source'] = 'run'): Failure => ({
    kind: 'failed',
    code,
    message,
    source,
    began: mayHaveBegun(evidence),
    stopped: !mayStillRun(outcome),
  })
  if (outcome.kind === 'cancelled' && !evidence.finishedBeforeCancel) {
    return failed('cancelled', `Run cancelled: ${outcome.by}`)
  }
  if (isFinalSuccess(summary)) {
    const uneventful = outcome.kind === 'succeeded' && outcome.notes.length === 0
    return { kind: 'succeeded', warning: uneventful ? null : `${title} had finished its work. ${happened}` }
  }
  if (outcome.kind === 'deadlineExceeded') return failed(outcome.code, `${title} was stopped. ${happened}`)
  if (wasCutOff(evidence)) {
    return failed('truncated', `${title} was cut off in the middle of its work. ${happened}`, 'agent')
  }
  if (lacksProgram(evidence)) {
    const said = outcome.kind === 'startFailed' ? outcome.message : summary.errorMessage
    return failed('image_lacks', `The image lacks a program that ${title} needs: ${said ?? happened}`)
  }
  if (isPodsDoing(evidence)) {
    const named = namesReason(summary) && summary.errorMessage !== null
    return failed(outcome.code, named ? `${happened} Before that it reported: ${summary.errorMessage}` : happened)
  }
  if (isUnreadable(evidence)) {
    const why = output.problem === null ? '' : ` (${output.problem.replace(/\.$/, '')})`
    return failed(
      'output_unreadable',
      `The output of ${title} could not be read${why}, so its result is not known. ${happened}`,
    )
  }
  if (lacksResult(evidence)) {
    const detail = summary.errorMessage === null ? '' : ` ${summary.errorMessage}`
    return failed('no_result', `${title} exited with 0 and printed no result.${detail}`)
  }
  if (summary.errorCode !== null) return failed(summary.errorCode, summary.errorMessage ?? happened, 'agent')
  // It answered with something still pending, and its process exited with 0.
  if (outcome.kind === 'succeeded') return { kind: 'succeeded', warning: null }
  return failed('agent_failed', summary.errorMessage ?? `${title} failed. ${happened}`, 'agent')
}

function mayHaveBegun({ outcome, seenRunning }: RunEvidence): boolean {
  // A pod cancelled before it ran was seen to end without running. If it was not observed to the end, it may have run.
  const excludesStart = decidedBy[outcome.kind] === 'start' || outcome.kind === 'cancelled'
  return seenRunning || outcome.exitCode !== null || !excludesStart
}

/** Whether the agent itself names the reason of its failure, instead of only being without a result. */
function namesReason({ errorCode }: AgentSummary): boolean {
  return errorCode !== null && errorCode !== 'interrupted' && errorCode !== 'truncated' && errorCode !== 'start_failed'
}

/** A signal alone says less than when it hit: in the middle of an answer. */
function wasCutOff({ outcome, summary: { errorCode, usage } }: RunEvidence): boolean {
  return (
    outcome.kind === 'signalled' && (errorCode === 'truncated' || errorCode === 'interrupted') && usage.outputTokens > 0
  )
}

/** Whether what happened to the pod explains the failure. */
function isPodsDoing({ outcome, summary }: RunEvidence): boolean {
  // An OOM-killed tool is not why the agent ended when the agent names another reason.
  const lostTool = outcome.kind === 'oomKilled' && outcome.process === 'child'
  if (lostTool && namesReason(summary) && summary.errorCode !== 'agent_failed') return false
  return decidedBy[outcome.kind] !== 'agent' || (outcome.kind === 'signalled' && !namesReason(summary))
}

// Of shells, and of the dynamic linker when a library is missing.
const notFoundExit = 127

/** Whether a program was not found before the agent printed anything: by the launcher, or by a shell. */
function lacksProgram(evidence: RunEvidence): boolean {
  const { outcome, summary } = evidence
  if (outcome.kind === 'startFailed') return outcome.reason === 'command_not_found'
  const isNotFound = outcome.kind === 'exited' && outcome.exitCode === notFoundExit
  return isNotFound && summary.errorCode === 'start_failed' && !isUnreadable(evidence)
}

/** Whether what the parser misses may be in output that was not read. */
function isUnreadable({ summary: { errorCode, result }, output }: RunEvidence): boolean {
  if (output.verdict === 'complete') return false
  const wasRead = output.verdict === 'unverified' && output.problem === null && output.lines > 0
  const fromSilence = errorCode === null ? result === null : silenceCodes.has(errorCode)
  return fromSilence && !wasRead
}

function lacksResult({ outcome, summary: { errorCode, result } }: RunEvidence): boolean {
  return outcome.kind === 'succeeded' && result === null && (errorCode === null || errorCode === 'truncated')
}
