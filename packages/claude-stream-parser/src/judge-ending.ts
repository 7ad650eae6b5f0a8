import { classifyApiError } from './classify-api-error.ts'
import {
  type AgentErrorCode,
  type ProcessEnd,
  judgeSilence,
  type SilentCli,
  endSignal,
  isStopSignal,
} from '@agent-jobs/stream-parser-core'
import type { Evidence, Verdict } from './evidence.ts'
import { judgeApiError } from './judge-api-error.ts'
import { processEvidence } from './judge-result.ts'
import type { RetryFacts, RunFacts } from './run-facts.ts'
import { codeOfStartupLine, unknownSessionIn } from './startup-text.ts'

const silentCli: SilentCli = {
  name: 'Claude Code',
  eventOptions: '--output-format stream-json --verbose',
  nothing: 'Claude Code printed nothing at all, not even its first line.',
  unknownSession: unknownSessionIn,
  codeOfStartupLine,
}

/** Judges a run without a result: by its end where it is known, by what the stream shows otherwise. */
export function judgeEnding(facts: RunFacts, end: ProcessEnd): Verdict {
  const fail = (code: AgentErrorCode, message: string, ...evidence: Evidence[]): Verdict => ({
    code,
    message,
    evidence,
  })
  const noResult: Evidence = { source: 'stream', field: 'result', value: null, line: facts.lastLine }
  const exit: Evidence[] = end.exitCode == null ? [] : [{ source: 'exit_code', field: 'exitCode', value: end.exitCode }]
  const signal = endSignal(end)
  if (end.stoppedBy === 'loop_limit') {
    const message = 'Claude Code was stopped because it wrote on and on without a tool call or an end.'
    return fail('agent_failed', message, noResult, ...exit)
  }
  if (signal !== null) {
    return isStopSignal(signal)
      ? fail(
          'interrupted',
          `Claude Code was stopped by ${signal} before it had a result.`,
          processEvidence(end, signal),
          noResult,
        )
      : fail('agent_failed', `Claude Code crashed with ${signal}.`, processEvidence(end, signal), noResult)
  }
  if (facts.events === 0 && !facts.cut && facts.oversizeLines === 0)
    return judgeSilence(silentCli, facts.stdoutText, end)
  const unknown = facts.initLine === null && !facts.modelSpoke ? unknownSessionSeen(facts, end) : null
  if (unknown)
    return { code: 'session_unavailable', message: String(unknown.value), evidence: [unknown, noResult, ...exit] }
  if (facts.assistantError) {
    const message = facts.assistantError.message ?? 'The API answered with an error.'
    const api = judgeApiError(facts, null, message)
    if (api) return { ...api, evidence: [...api.evidence, noResult] }
  }
  if (facts.interruptLine !== null) {
    const marker: Evidence = {
      source: 'user',
      field: 'message.content',
      value: 'interrupted',
      line: facts.interruptLine,
    }
    return fail('interrupted', 'Claude Code was interrupted before it had a result.', marker, noResult, ...exit)
  }
  if (!facts.modelSpoke && !facts.cut && end.exitCode != null && end.exitCode !== 0) {
    if (facts.retry) {
      const code = codeOfRetry(facts.retry)
      const seen: Evidence = {
        source: 'system',
        field: 'api_retry.error_status',
        value: facts.retry.status,
        line: facts.retry.line,
      }
      return fail(code, `Claude Code exited with ${end.exitCode} while it retried the API.`, seen, ...exit)
    }
    const started: Evidence = { source: 'stream', field: 'assistant', value: null, line: facts.lastLine }
    return fail(
      'start_failed',
      `Claude Code exited with ${end.exitCode} before the model said anything.`,
      ...exit,
      started,
    )
  }
  const where = facts.cut ? 'in the middle of a line' : `after line ${facts.lastLine}`
  const last: Evidence[] = facts.cut
    ? [{ source: 'stream', field: 'last line', value: 'cut', line: facts.lastLine }]
    : []
  return fail('truncated', `The output ends ${where}, without a result.`, noResult, ...last, ...exit)
}

/** Hooks and warnings may print lines before the CLI says that the session is unknown. */
function unknownSessionSeen(facts: RunFacts, end: ProcessEnd): Evidence | null {
  const onStderr = unknownSessionIn(end.stderr ?? '')
  if (onStderr !== null) return { source: 'stderr', field: 'text', value: onStderr }
  const onStdout = unknownSessionIn(facts.stdoutText)
  return onStdout === null ? null : { source: 'stdout', field: 'text', value: onStdout }
}

function codeOfRetry(retry: RetryFacts): AgentErrorCode {
  const verdict = classifyApiError({
    kind: null,
    cut: null,
    category: retry.error,
    status: retry.status,
    type: null,
    terminalReason: 'api_error',
    stopReason: null,
    rateLimitStatus: null,
    refused: false,
    words: null,
  })
  return verdict?.code ?? 'upstream_error'
}
