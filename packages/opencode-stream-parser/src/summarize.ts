import { explainFailure, type ProcessEnd } from '@agent-jobs/stream-parser-core'
import type { ErrorFacts } from './error-facts.ts'
import type { Verdict } from './evidence.ts'
import { judge } from './judge.ts'
import type { OpencodeSummary } from './opencode-summary.ts'
import type { RunRecord } from './run-record.ts'

/** What a run came to, from everything that its lines have told and from how its process ended. */
export function summarize(run: RunRecord, end: ProcessEnd): OpencodeSummary {
  const { steps, tools, unknown, lines, errors, finish, count, firstMs, lastMs } = run
  const error = errors.last
  const verdict = judge(
    {
      events: lines.counts.events,
      lastLine: lines.counts.total,
      error,
      recoveredErrors: errors.recoveredTotal,
      stepsBegun: steps.begun,
      stepOpen: steps.open,
      lastStep: steps.last,
      lastStepToolError: run.stepToolError,
      unknownSteps: finish.looping ? finish.unknownSteps : 0,
      answered: run.answered,
      modelSpoke: run.modelSpoke,
      cut: lines.counts.cut,
      oversizeLines: lines.counts.oversize,
      stdoutText: lines.stdoutText,
    },
    end,
  )
  return {
    sessionId: run.sessionId,
    model: null,
    result: run.answer.text,
    ...steps.report(),
    numTurns: steps.finished,
    stepsBegun: steps.begun,
    lastStep: steps.last,
    finishReason: steps.last?.reason ?? null,
    durationMs: firstMs === null || lastMs === null ? null : Math.max(0, lastMs - firstMs),
    isError: verdict.code !== null,
    errorCode: verdict.code,
    errorMessage: verdict.message === null ? null : explainFailure(verdict.message, end, error?.endpoint ?? null),
    evidence: verdict.evidence,
    clearSession: clearsSession(verdict, error),
    toolCalls: tools.total,
    toolCallsByName: tools.toRecord(),
    toolErrors: count.toolErrors,
    invalidToolCalls: count.invalid,
    subagents: count.subagents,
    unknownEvents: unknown.total,
    unknownTypes: unknown.toRecord(),
    finished: finish.finished,
    answered: run.answered,
    errors: errors.total,
    recoveredErrors: errors.recoveredTotal,
    lastError: error,
    retryAfterMs: error?.retryAfterMs ?? null,
    retryNotBeforeMs: error?.retryNotBeforeMs ?? null,
    compactions: count.compactions,
    lines: { ...lines.counts },
  }
}

/**
 * True if the run shows that its conversation cannot continue: it does not exist, is full, or the provider refuses its
 * messages. Problems of an account, model, network or setting do not clear it.
 */
function clearsSession({ code }: Verdict, error: ErrorFacts | null): boolean {
  if (code === 'session_unavailable' || code === 'context_overflow') return true
  return code === 'bad_request' && error?.aboutConversation === true
}
