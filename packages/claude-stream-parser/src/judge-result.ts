import { type AgentErrorCode, type ProcessEnd, endSignal, isStopSignal } from '@agent-jobs/stream-parser-core'
import type { Evidence, Verdict } from './evidence.ts'
import { judgeApiError } from './judge-api-error.ts'
import type { ResultFacts, RunFacts } from './run-facts.ts'
import { unknownSessionIn } from './startup-text.ts'

const bySubtype = new Map<string, AgentErrorCode>([
  ['error_max_turns', 'max_turns'],
  ['error_max_budget_usd', 'max_budget'],
  ['error_max_structured_output_retries', 'structured_output_failed'],
])

// Claude Code 2.0 says success of a turn that the model did not end of its own accord.
const byStopReason = new Map<string, AgentErrorCode>([
  ['refusal', 'model_refusal'],
  ['max_tokens', 'output_limit'],
  ['model_context_window_exceeded', 'context_overflow'],
])

/** Judges a run that has a result. */
export function judgeResult(result: ResultFacts, facts: RunFacts, end: ProcessEnd): Verdict {
  const saw = (field: string, value: Evidence['value']): Evidence => ({
    source: 'result',
    field,
    value,
    line: result.line,
  })
  const fail = (code: AgentErrorCode, message: string, ...evidence: Evidence[]): Verdict => ({
    code,
    message,
    evidence,
  })
  const said = result.errors.join('; ') || result.result || facts.assistantError?.message || ''

  if (result.startupFailureReason !== null) {
    // The one reason that is about the session itself: it is open elsewhere.
    const code = result.startupFailureReason === 'session_held_by_background' ? 'session_unavailable' : 'start_failed'
    return fail(
      code,
      said || 'Claude Code refused to start.',
      saw('startup_failure_reason', result.startupFailureReason),
    )
  }
  const limit = bySubtype.get(result.subtype)
  if (limit) return fail(limit, said || `The run ended with ${result.subtype}.`, saw('subtype', result.subtype))

  if (result.subtype === 'error_during_execution') return judgeExecutionError()
  if (result.isError || result.subtype !== 'success') {
    return (
      judgeApiError(facts, result, said || 'The API answered with an error.') ??
      fail(
        'agent_failed',
        said || 'The result says is_error.',
        saw('is_error', result.isError),
        saw('subtype', result.subtype),
      )
    )
  }
  return judgeSuccess()

  function judgeExecutionError(): Verdict {
    const subtype = saw('subtype', result.subtype)
    if (result.terminalReason?.startsWith('aborted_')) {
      return fail('interrupted', 'The run was interrupted.', subtype, saw('terminal_reason', result.terminalReason))
    }
    if (facts.initLine === null && result.numTurns === 0) {
      const code = unknownSessionIn(result.errors.join('\n')) === null ? 'start_failed' : 'session_unavailable'
      const evidence = [subtype, saw('num_turns', 0), saw('errors[0]', result.errors[0] ?? null)]
      return fail(code, said || 'Claude Code did not start.', ...evidence)
    }
    const api = judgeApiError(facts, result, said)
    if (api) return api
    // Claude Code up to 2.1.5 says so of an answer without a word, and exits with 0.
    const isAnswered = result.durationApiMs > 0 && result.outputTokens === 0
    if (isAnswered && facts.visible === null && facts.interruptLine === null && endSignal(end) === null) {
      const tokens = saw('usage.output_tokens', 0)
      return fail('empty_response', 'The model answered nothing: no text and no tool call.', subtype, tokens)
    }
    // Claude Code answers SIGINT with this result and exit code 0; for a failure of its own it exits with 1.
    const signal = endSignal(end)
    if (signal !== null && isStopSignal(signal)) {
      return fail('interrupted', `The run was stopped by ${signal}.`, subtype, processEvidence(end, signal))
    }
    if (end.exitCode === 0) {
      return fail('interrupted', said || 'The run was interrupted.', subtype, {
        source: 'exit_code',
        field: 'exitCode',
        value: 0,
      })
    }
    return fail('agent_failed', said || 'The run failed while it was executed.', subtype)
  }

  function judgeSuccess(): Verdict {
    const success = [saw('subtype', result.subtype), saw('is_error', false)]
    if (result.terminalReason?.startsWith('aborted_')) {
      return fail('interrupted', 'The run was interrupted.', saw('terminal_reason', result.terminalReason))
    }
    const stopped = byStopReason.get(result.stopReason ?? facts.stopReason ?? '')
    if (stopped) {
      const seen: Evidence =
        result.stopReason === null
          ? { source: 'assistant', field: 'message.stop_reason', value: facts.stopReason }
          : saw('stop_reason', result.stopReason)
      return fail(stopped, said || `The model stopped with ${String(seen.value)}.`, seen)
    }
    const text = result.result ?? ''
    const empty =
      text.trim() === '' &&
      facts.visible !== true &&
      (result.outputTokens === 0 || facts.visible === false || text !== '') &&
      result.structuredOutput === undefined &&
      result.localCommand === null
    if (empty) {
      return fail(
        'empty_response',
        'The model answered nothing: no text and no tool call.',
        saw('result', ''),
        saw('usage.output_tokens', result.outputTokens),
      )
    }
    const signal = endSignal(end)
    if (signal !== null) {
      // Stopped after its work was done (the CLI hung, or the pod was taken down): the answer is complete.
      if (facts.finished && !facts.taskStopped)
        return { code: null, message: null, evidence: [...success, processEvidence(end, signal)] }
      const code = isStopSignal(signal) ? 'interrupted' : 'agent_failed'
      return fail(code, `The run was ended by ${signal} while work was pending.`, processEvidence(end, signal))
    }
    // After SIGINT the CLI exits with 0. Where it ends a task of its own accord, it takes it from its list first.
    if (facts.taskStopped) {
      const seen: Evidence = { source: 'system', field: 'task_notification.status', value: 'stopped' }
      return fail('interrupted', 'The run was ended while a background task was pending.', seen, ...success)
    }
    if (facts.turnOpen) {
      return fail('truncated', 'The output ends in a turn that began after the last result.', {
        source: 'stream',
        field: 'init without result',
        value: true,
        line: facts.initLine ?? facts.lastLine,
      })
    }
    // An exit code of its own (an MCP server that could not be stopped, a hook) does not undo the answer.
    const exit: Evidence[] = end.exitCode ? [{ source: 'exit_code', field: 'exitCode', value: end.exitCode }] : []
    return { code: null, message: null, evidence: [...success, ...exit] }
  }
}

/** The observation of a signal: as given, or as the exit code that encodes it. */
export function processEvidence(end: ProcessEnd, signal: string): Evidence {
  return end.signal
    ? { source: 'signal', field: 'signal', value: signal }
    : { source: 'exit_code', field: 'exitCode', value: end.exitCode ?? null }
}
