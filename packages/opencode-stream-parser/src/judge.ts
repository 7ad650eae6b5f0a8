import { classifyError } from './classify-error.ts'
import {
  type AgentErrorCode,
  type ProcessEnd,
  judgeSilence,
  type SilentCli,
  endSignal,
  isStopSignal,
} from '@agent-jobs/stream-parser-core'
import type { ErrorFacts } from './error-facts.ts'
import type { Evidence, Verdict } from './evidence.ts'
import { findInLog } from './server-log.ts'
import { isKnownReason } from './finish-rule.ts'
import { codeOfStartupLine, unknownSessionIn } from './startup-text.ts'
import type { StepFacts } from './step-ledger.ts'

/** Everything a verdict may rest on. */
export interface RunFacts {
  /** Lines that were JSON objects. */
  readonly events: number
  readonly lastLine: number
  /** The last error that no later answer made up for. */
  readonly error: ErrorFacts | null
  /** Errors that a later answer made up for. */
  readonly recoveredErrors: number
  readonly stepsBegun: number
  readonly stepOpen: boolean
  readonly lastStep: StepFacts | null
  /** A tool call of the last step ended with an error (a rejected permission ends the run). */
  readonly lastStepToolError: boolean
  /** Steps in a row that ended with an unknown reason, where they are so many that OpenCode may never end; else 0. */
  readonly unknownSteps: number
  /** The last step is an answer, and nothing follows from it. */
  readonly answered: boolean
  /** The agent said or called something. */
  readonly modelSpoke: boolean
  /** The last line broke off. */
  readonly cut: boolean
  readonly oversizeLines: number
  /** Lines of stdout that were not JSON, the first few. */
  readonly stdoutText: string
}

const silentCli: SilentCli = {
  name: 'OpenCode',
  eventOptions: '--format json',
  nothing: 'OpenCode printed nothing at all.',
  unknownSession: unknownSessionIn,
  codeOfStartupLine,
}

/** Judges a run from members of its lines and from how its process ended. A pure function. */
export function judge(facts: RunFacts, end: ProcessEnd): Verdict {
  const signal = endSignal(end)
  const exit = exitEvidence(end)
  const stream = (field: string, value: Evidence['value']): Evidence => streamEvidence(facts, field, value)
  // An error that nothing made up for explains more than the signal that ended the loop after it.
  if (facts.error) return judgeError(facts.error, facts, end)
  if (end.stoppedBy === 'loop_limit' && facts.lastStep) return judgeLoop(facts.lastStep, facts)
  if (signal !== null) return judgeSignal(signal, facts, end)
  const unknown = facts.stepsBegun === 0 ? unknownSessionSeen(facts, end) : null
  if (unknown) return fail('session_unavailable', String(unknown.value), unknown, ...exit)
  if (facts.events === 0 && !facts.cut && facts.oversizeLines === 0)
    return judgeSilence(silentCli, facts.stdoutText, end)
  if (facts.cut) {
    return fail(
      'truncated',
      'The output ends in the middle of a line. OpenCode loses what its reader has not taken when it exits.',
      stream('last line', 'cut'),
      ...exit,
    )
  }
  if (facts.stepOpen)
    return fail('truncated', 'The output ends in a step that has no end.', stream('step_finish', null), ...exit)
  if (!facts.lastStep)
    return fail('truncated', 'The output ends before the first step.', stream('step_start', null), ...exit)
  return judgeLastStep(facts.lastStep, facts, { end })
}

function exitEvidence({ exitCode }: ProcessEnd): Evidence[] {
  return exitCode == null ? [] : [{ source: 'exit_code', field: 'exitCode', value: exitCode }]
}

function streamEvidence({ lastLine }: RunFacts, field: string, value: Evidence['value']): Evidence {
  return { source: 'stream', field, value, line: lastLine }
}

function judgeError(error: ErrorFacts, facts: RunFacts, end: ProcessEnd): Verdict {
  const verdict = classifyError(error)
  const seen: Evidence = { source: 'error', field: verdict.field, value: verdict.value, line: error.line }
  // OpenCode's own server failed; before the first step that is an unknown model or provider, or a missing key.
  const hint =
    error.ref !== null && facts.stepsBegun === 0
      ? ' Is the model known, its provider configured, and its key there? OpenCode says it with --print-logs only.'
      : ''
  const message = (error.message || error.name) + hint
  const logged = error.ref === null ? null : findInLog(end.stderr ?? '', error.ref)
  if (logged?.code) {
    return fail(logged.code, logged.error, seen, {
      source: 'stderr',
      field: `error of ref=${error.ref}`,
      value: logged.error,
    })
  }
  return fail(verdict.code, message, seen)
}

function judgeLoop(step: StepFacts, facts: RunFacts): Verdict {
  const message = `OpenCode was stopped because it asked the model again and again.${loopHint(facts)}`
  return fail('upstream_error', message, reasonEvidence(step))
}

function reasonEvidence({ reason, line }: StepFacts): Evidence {
  return { source: 'step_finish', field: 'part.reason', value: reason, line }
}

function loopHint({ unknownSteps: count, lastStep }: RunFacts): string {
  if (count === 0 || !lastStep) return ''
  return ` The model's stream ended ${count} times in a row with a finish reason that OpenCode does not know (${lastStep.reason}): look at the provider.`
}

/** Warnings and events of plugins may come before OpenCode says that the session is unknown. */
function unknownSessionSeen(facts: RunFacts, end: ProcessEnd): Evidence | null {
  const onStderr = unknownSessionIn(end.stderr ?? '')
  if (onStderr !== null) return { source: 'stderr', field: 'text', value: onStderr }
  const onStdout = unknownSessionIn(facts.stdoutText)
  return onStdout === null ? null : { source: 'stdout', field: 'text', value: onStdout }
}

function judgeSignal(by: string, facts: RunFacts, end: ProcessEnd): Verdict {
  const seen: Evidence = end.signal
    ? { source: 'signal', field: 'signal', value: by }
    : { source: 'exit_code', field: 'exitCode', value: end.exitCode ?? null }
  // Stopped after its work was done: OpenCode hung, or the pod was taken down. The answer is complete.
  if (facts.answered && facts.lastStep?.reason === 'stop')
    return judgeLastStep(facts.lastStep, facts, { end, stoppedBy: seen })
  if (!isStopSignal(by)) return fail('agent_failed', `OpenCode crashed with ${by}.`, seen)
  const message = `OpenCode was stopped by ${by} before it had answered.${loopHint(facts)}`
  return fail('interrupted', message, seen, streamEvidence(facts, 'answered', false))
}

function judgeLastStep(
  step: StepFacts,
  facts: RunFacts,
  { end, stoppedBy }: { end: ProcessEnd; stoppedBy?: Evidence },
): Verdict {
  const reason = reasonEvidence(step)
  const exit = exitEvidence(end)
  switch (step.reason) {
    case 'content-filter':
      return fail('model_refusal', 'The provider filtered the answer.', reason)
    case 'length':
      return fail('output_limit', 'The answer reached the output limit and was cut there.', reason)
    case 'error':
      return fail('upstream_error', 'The last step ended with an error of the provider.', reason)
    case 'tool-calls':
      return judgeLastCall(facts, end, reason)
    default:
  }
  if (!isKnownReason(step.reason)) {
    const [code, message] =
      end.exitCode === 0
        ? (['upstream_error', `The model's stream ended without a finish reason (${step.reason}).`] as const)
        : (['truncated', 'The output ends after a step without a finish reason, which OpenCode repeats.'] as const)
    return fail(code, message + loopHint(facts), reason, ...exit)
  }
  if (!facts.answered)
    return fail('truncated', 'The output ends where OpenCode goes on after a compaction.', reason, ...exit)
  if (!facts.modelSpoke) {
    const { outputTokens } = step.usage
    const tokens: Evidence = {
      source: 'step_finish',
      field: 'part.tokens.output',
      value: outputTokens,
      line: step.line,
    }
    return fail('empty_response', 'The model answered nothing: no text and no tool call.', reason, tokens)
  }
  // Exit code 1 says that an error was printed, also when the run recovered from it; it does not undo the answer.
  const also = stoppedBy === undefined ? (end.exitCode ? exit : []) : [stoppedBy]
  return { code: null, message: null, evidence: [reason, ...also] }
}

/** The output ends after a tool call. */
function judgeLastCall(facts: RunFacts, end: ProcessEnd, reason: Evidence): Verdict {
  const exit = exitEvidence(end)
  // A rejected permission ends the run without another step. That is how OpenCode means it, and exit code 0 says that
  // nothing was lost.
  if (facts.lastStepToolError && end.exitCode === 0) return { code: null, message: null, evidence: [reason, ...exit] }
  const message = 'The output ends after a tool call whose result the model did not get.'
  return fail('truncated', message, reason, ...exit)
}

function fail(code: AgentErrorCode, message: string, ...evidence: Evidence[]): Verdict {
  return { code, message, evidence }
}
