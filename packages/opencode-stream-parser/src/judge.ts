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
  /** Lines of stdout that were no JSON, the first few. */
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
  const exit: Evidence[] = end.exitCode == null ? [] : [{ source: 'exit_code', field: 'exitCode', value: end.exitCode }]
  const stream = (field: string, value: Evidence['value']): Evidence => ({
    source: 'stream',
    field,
    value,
    line: facts.lastLine,
  })

  // An error that nothing made up for explains more than the signal that ended the loop after it.
  if (facts.error) return judgeError(facts.error)
  if (end.stoppedBy === 'loop_limit' && facts.lastStep) return judgeLoop(facts.lastStep)
  if (signal !== null) return judgeSignal(signal)
  const unknown = facts.stepsBegun === 0 ? unknownSessionSeen() : null
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
  return judgeLastStep(facts.lastStep)

  function judgeError(error: ErrorFacts): Verdict {
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

  function judgeLoop(step: StepFacts): Verdict {
    const message = `OpenCode was stopped because it asked the model again and again.${loopHint()}`
    return fail('upstream_error', message, {
      source: 'step_finish',
      field: 'part.reason',
      value: step.reason,
      line: step.line,
    })
  }

  function loopHint(): string {
    const { unknownSteps: count, lastStep } = facts
    if (count === 0 || !lastStep) return ''
    return ` The model's stream ended ${count} times in a row with a finish reason that OpenCode does not know (${lastStep.reason}): look at the provider.`
  }

  /** Warnings and events of plugins may come before OpenCode says that the session is unknown. */
  function unknownSessionSeen(): Evidence | null {
    const onStderr = unknownSessionIn(end.stderr ?? '')
    if (onStderr !== null) return { source: 'stderr', field: 'text', value: onStderr }
    const onStdout = unknownSessionIn(facts.stdoutText)
    return onStdout === null ? null : { source: 'stdout', field: 'text', value: onStdout }
  }

  function judgeSignal(by: string): Verdict {
    const seen: Evidence = end.signal
      ? { source: 'signal', field: 'signal', value: by }
      : { source: 'exit_code', field: 'exitCode', value: end.exitCode ?? null }
    // Stopped after its work was done: OpenCode hung, or the pod was taken down. The answer is complete.
    if (facts.answered && facts.lastStep?.reason === 'stop') return { ...judgeLastStep(facts.lastStep, [seen]) }
    return isStopSignal(by)
      ? fail(
          'interrupted',
          `OpenCode was stopped by ${by} before it had answered.${loopHint()}`,
          seen,
          stream('answered', false),
        )
      : fail('agent_failed', `OpenCode crashed with ${by}.`, seen)
  }

  function judgeLastStep(step: StepFacts, also: readonly Evidence[] = []): Verdict {
    const reason: Evidence = { source: 'step_finish', field: 'part.reason', value: step.reason, line: step.line }
    switch (step.reason) {
      case 'content-filter':
        return fail('model_refusal', 'The provider filtered the answer.', reason)
      case 'length':
        return fail('output_limit', 'The answer reached the output limit and was cut there.', reason)
      case 'error':
        return fail('upstream_error', 'The last step ended with an error of the provider.', reason)
      case 'tool-calls':
        // A rejected permission ends the run without another step. That is how OpenCode means it, and exit code 0
        // says that nothing was lost.
        if (facts.lastStepToolError && end.exitCode === 0)
          return { code: null, message: null, evidence: [reason, ...exit] }
        return fail(
          'truncated',
          'The output ends after a tool call that the model was to be told the result of.',
          reason,
          ...exit,
        )
      default:
    }
    if (!isKnownReason(step.reason)) {
      return end.exitCode === 0
        ? fail(
            'upstream_error',
            `The model's stream ended without a finish reason (${step.reason}).${loopHint()}`,
            reason,
            ...exit,
          )
        : fail(
            'truncated',
            `The output ends after a step without a finish reason, which OpenCode repeats.${loopHint()}`,
            reason,
            ...exit,
          )
    }
    if (!facts.answered)
      return fail('truncated', 'The output ends where OpenCode goes on after a compaction.', reason, ...exit)
    if (!facts.modelSpoke) {
      const tokens: Evidence = {
        source: 'step_finish',
        field: 'part.tokens.output',
        value: step.usage.outputTokens,
        line: step.line,
      }
      return fail('empty_response', 'The model answered nothing: no text and no tool call.', reason, tokens)
    }
    // Exit code 1 says that an error was printed, also when the run recovered from it; it does not undo the answer.
    return {
      code: null,
      message: null,
      evidence: [reason, ...also, ...(end.exitCode && also.length === 0 ? exit : [])],
    }
  }
}

function fail(code: AgentErrorCode, message: string, ...evidence: Evidence[]): Verdict {
  return { code, message, evidence }
}
