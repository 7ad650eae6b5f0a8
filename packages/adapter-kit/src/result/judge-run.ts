import { describeOutcome, mayStillRun, type Outcome } from '@agent-jobs/k8s-job-runner'
import type { AdapterExecutionResult } from '@paperclipai/adapter-utils'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AgentSummary } from '../agent/agent-summary.ts'
import { errorFamily } from './error-family.ts'
import { mayPass, neverStarted, outcomeCode } from './outcome-codes.ts'

/** What is reported of a run. */
export type RunVerdict =
  | { kind: 'succeeded'; warning: string | null }
  | {
      kind: 'failed'
      errorCode: string
      errorMessage: string
      errorFamily: NonNullable<AdapterExecutionResult['errorFamily']> | null
      clearSession: boolean
      timedOut: boolean
      /** False when it is certain that the agent never began. */
      began: boolean
      /** False when its process may still be at work. */
      stopped: boolean
    }

// What cannot go on for as long as the session is the same.
const clearing = new Set(['session_unavailable', 'max_turns', 'context_overflow'])

/** What the agent's own output cannot know better than Kubernetes. */
const podDecides: ReadonlySet<Outcome['kind']> = new Set<Outcome['kind']>([
  'oomKilled',
  'evicted',
  'preempted',
  'nodeLost',
  'containerLost',
  'deadlineExceeded',
  'outputLimitExceeded',
  'cancelled',
  'deletedExternally',
  'lost',
  'followFailed',
])

/**
 * A conversation that the model API refuses to read, before it has said a word, would be refused in every later run of
 * its task: a damaged message stays in it.
 */
function isPoisoned({ errorCode, usage }: AgentSummary, resumed: boolean): boolean {
  return resumed && errorCode === 'bad_request' && usage.outputTokens === 0
}

/** Joins what the agent said with what became of its Job. The order of evidence is the point of it. */
export function judgeRun(input: {
  outcome: Outcome
  summary: AgentSummary
  /** True when the agent was seen to run: its pod ran, or it printed something. */
  seenRunning: boolean
  /** True when the run continued a session. */
  resumed?: boolean
  label: string
  errorNames: Readonly<Record<string, string>>
  ownErrors?: AgentDefinition['ownErrors']
}): RunVerdict {
  const { outcome, summary, label, errorNames, ownErrors = {} } = input
  const words = describeOutcome(outcome).message
  // A pod that was cancelled before it ran was seen to go without having run. Where sight was lost, it may have run.
  const mayBeUnborn = neverStarted(outcome) || outcome.kind === 'cancelled'
  const began = input.seenRunning || outcome.exitCode !== null || !mayBeUnborn
  const failed = (
    errorCode: string,
    errorMessage: string,
    more: Partial<Extract<RunVerdict, { kind: 'failed' }>> = {},
  ): RunVerdict => ({
    kind: 'failed',
    errorCode,
    errorMessage,
    errorFamily: mayPass(outcome) ? 'transient_upstream' : null,
    clearSession: false,
    timedOut: false,
    began,
    stopped: !mayStillRun(outcome),
    ...more,
  })
  if (outcome.kind === 'cancelled') return failed('cancelled', `Run cancelled: ${outcome.by}`)
  // The agent's work was done and said to be good; what befell the pod afterwards does not undo it.
  const done = summary.finished && summary.errorCode === null
  if (done && (outcome.kind === 'succeeded' || podDecides.has(outcome.kind) || outcome.kind === 'signalled')) {
    const lingered = outcome.kind === 'succeeded' && outcome.notes.length === 0
    return { kind: 'succeeded', warning: lingered ? null : words }
  }
  const code = outcomeCode(outcome)
  const agentSays =
    summary.errorCode !== null && !['truncated', 'interrupted', 'start_failed'].includes(summary.errorCode)
  if (outcome.kind === 'deadlineExceeded') {
    return failed('timeout', `${label} was stopped: ${words}`, { timedOut: true })
  }
  // A signal alone says less than where it hit: in the middle of an answer.
  const cutShort = summary.errorCode === 'truncated' || summary.errorCode === 'interrupted'
  if (outcome.kind === 'signalled' && cutShort && summary.usage.outputTokens > 0) {
    return failed(errorNames['truncated'] ?? 'truncated', `${label} was cut off in the middle of its work. ${words}`)
  }
  // A tool that was killed for memory is no reason why the agent ended, when the agent names one.
  const names = agentSays && summary.errorCode !== 'agent_failed'
  const lostTool = outcome.kind === 'oomKilled' && outcome.process === 'child' && names
  if (code !== null && !lostTool && (podDecides.has(outcome.kind) || neverStarted(outcome) || !agentSays)) {
    const heard = agentSays && summary.errorMessage ? ` Before that it said: ${summary.errorMessage}` : ''
    return failed(code, `${words}${heard}`)
  }
  if (summary.errorCode !== null) {
    const name = errorNames[summary.errorCode] ?? summary.errorCode
    const own = ownErrors[summary.errorCode]
    return failed(name, summary.errorMessage ?? words, {
      errorFamily: own?.mayPass === true ? 'transient_upstream' : errorFamily(summary.errorCode),
      clearSession:
        own?.clearsSession ?? (clearing.has(summary.errorCode) || isPoisoned(summary, input.resumed === true)),
    })
  }
  if (outcome.kind === 'succeeded') {
    if (summary.result !== null) return { kind: 'succeeded', warning: null }
    return failed('no_result', `${label} ended with exit code 0 but gave no result. ${words}`)
  }
  return failed(code ?? 'agent_failed', summary.errorMessage ?? `${label} failed. ${words}`)
}
