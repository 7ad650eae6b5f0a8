import { explainFailure, type ProcessEnd } from '@agent-jobs/stream-parser-core'
import type { ClaudeSummary } from './claude-summary.ts'
import { clearsSession } from './clears-session.ts'
import { judge } from './judge.ts'
import type { RunFacts } from './run-facts.ts'
import { retryNotBefore } from './retry-not-before.ts'
import type { RunRecord } from './run-record.ts'
import type { UsageReport } from './usage-ledger.ts'

/** What a run came to, from everything that its lines have told and from how its process ended. */
export function summarize(run: RunRecord, end: ProcessEnd, now: () => number): ClaudeSummary {
  const { turns, turn, results, session, tools, unknown, count } = run
  const facts = factsOf(run)
  const verdict = judge(facts, end)
  const usage = run.ledger.report()
  const { started } = session
  const { results: resultCount, numTurns, durationMs, durationApiMs } = results.sums
  return {
    sessionId: session.id,
    sessionStarted: started !== null,
    model: session.model ?? started?.model ?? onlyModel(usage),
    requestedModel: started?.model ?? null,
    result: results.answer,
    lastText: run.answer.text,
    structuredOutput: results.last?.structuredOutput ?? null,
    ...usage,
    numTurns,
    durationMs: resultCount > 0 ? durationMs : null,
    durationApiMs: resultCount > 0 ? durationApiMs : null,
    isError: verdict.code !== null,
    errorCode: verdict.code,
    errorMessage: verdict.message === null ? null : explainFailure(verdict.message, end),
    evidence: verdict.evidence,
    clearSession: clearsSession(verdict, facts),
    toolCalls: tools.total,
    toolCallsByName: tools.toRecord(),
    subagents: run.subagents.size,
    unknownEvents: unknown.total,
    unknownTypes: unknown.toRecord(),
    finished: turns.finished,
    pendingTasks: turns.pendingTasks,
    results: resultCount,
    lastResult: results.last,
    retries: count.retries,
    lastRetry: turn.lastRetry,
    rateLimit: facts.rateLimit,
    retryNotBeforeMs: retryNotBefore(verdict.code, facts, now),
    modelFallback: run.modelFallback,
    permissionDenials: Math.max(count.denials, results.last?.permissionDenials ?? 0),
    compactions: count.compactions,
    hooks: count.hooks,
    cwd: started?.cwd ?? null,
    claudeCodeVersion: started?.claudeCodeVersion ?? null,
    permissionMode: started?.permissionMode ?? null,
    apiKeySource: started?.apiKeySource ?? null,
    mcpServersDown: started?.mcpServersDown ?? [],
    lines: { ...run.lines.counts },
  }
}

function factsOf({ results, lines, session, turn, turns, limits, modelSpoke, visible }: RunRecord): RunFacts {
  const { events, total, cut, oversize } = lines.counts
  return {
    result: results.last,
    events,
    lastLine: total,
    initLine: session.started?.line ?? null,
    modelSpoke,
    visible,
    interruptLine: turn.interruptLine,
    retry: turn.lastRetry,
    rateLimit: limits.current,
    ...turn.facts,
    finished: turns.finished,
    taskStopped: turns.taskStopped,
    turnOpen: turns.turnOpen,
    cut,
    oversizeLines: oversize,
    stdoutText: lines.stdoutText,
  }
}

/** `--output-format json` prints no other line, so only the usage names the model. */
function onlyModel({ usageByModel }: UsageReport): string | null {
  const [model, ...others] = Object.keys(usageByModel)
  return model !== undefined && others.length === 0 ? model : null
}
