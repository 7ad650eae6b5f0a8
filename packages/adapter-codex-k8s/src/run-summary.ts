import type { OwnError } from '@agent-jobs/adapter-kit'
import type { AgentParser } from '@agent-jobs/agent-run'
import {
  createCodexParser,
  readTokens,
  retryNotBefore,
  usageSince,
  type CodexSummary,
  type CodexUsage,
} from '@agent-jobs/codex-stream-parser'
import { readReport, type RunReport, type StartCode, type TokenTotal } from './program/run-report.ts'

/** A summary with what the program in the pod adds: model, tokens of failed runs, and why Codex was not started. */
export type CodexRunSummary = Omit<CodexSummary, 'errorCode' | 'model'> & {
  errorCode: string | null
  model: string | null
  /** Tokens of the largest request, null when it is not known. */
  largestRequest: number | null
}

/** What the codes of this adapter alone mean. */
export const codexErrors: Readonly<Record<Exclude<StartCode, 'session_unavailable'> | 'session_in_use', OwnError>> = {
  codex_login_missing: {
    means: 'Codex has neither a key nor a login. It was not started: it would ask the API without one.',
    todo: 'Set CODEX_API_KEY or OPENAI_API_KEY in the agent’s environment, or `authJson`.',
  },
  codex_login_unreadable: {
    means: 'The login on the data volume is not valid JSON. It stays where it is.',
    todo: 'Set `authJson` again, or repair or remove the file that the message names.',
  },
  session_in_use: {
    means: 'Another process writes the thread that was to be resumed. The session is kept.',
    todo: 'The run is retried; look for a pod of the agent that is still running.',
    mayPass: true,
  },
}

const activeWriter = /^Error: .*\balready has an active writer\b/m

/** Codex's parser together with the report of the program in the pod. */
export function createRunParser(): AgentParser<CodexRunSummary> {
  const parser = createCodexParser()
  return {
    feed: (chunk) => parser.feed(chunk),
    line: (text) => parser.line(text),
    get finished() {
      return parser.finished
    },
    end(ending) {
      const stderr = ending?.stderr ?? ''
      return joinReport(parser.end(ending), readReport(stderr), stderr)
    },
  }
}

/** Joins what Codex printed with what the program in the pod reported. */
export function joinReport(summary: CodexSummary, report: RunReport | null, stderr: string): CodexRunSummary {
  const base: CodexRunSummary = { ...summary, largestRequest: report?.largestRequest ?? null }
  const busy = summary.sessionId === null && summary.errorCode === 'start_failed' && activeWriter.test(stderr)
  if (report === null) return busy ? { ...base, errorCode: 'session_in_use', clearSession: false } : base
  return {
    ...base,
    model: report.model,
    ...usageOf(summary, report),
    ...errorOf(summary, report, busy),
    retryNotBeforeMs: retryTimeOf(summary, report),
  }
}

/** Tokens of this run: the stream has the thread's total of a completed turn, the rollout that of any. */
function usageOf(summary: CodexSummary, report: RunReport): Pick<CodexRunSummary, 'usage' | 'usageBasis'> {
  const total = summary.threadUsage ?? tokensOf(report.after)
  if (total === null) return { usage: summary.usage, usageBasis: summary.usageBasis }
  const before = tokensOf(report.before)
  const known = before !== null || report.resumed === null
  const run = known ? usageSince(total, before ?? noTokens) : null
  return run === null ? { usage: total, usageBasis: 'session_cumulative' } : { usage: run, usageBasis: 'per_run' }
}

const noTokens: CodexUsage = readTokens({})

function tokensOf(total: TokenTotal | null): CodexUsage | null {
  return total === null ? null : readTokens({ ...total })
}

type ErrorFields = Pick<CodexRunSummary, 'errorCode' | 'errorMessage' | 'isError' | 'clearSession'>

function errorOf(summary: CodexSummary, report: RunReport, busy: boolean): ErrorFields {
  const { errorCode, errorMessage, isError, clearSession } = summary
  if (report.problem !== null) {
    const { code, detail } = report.problem
    return { errorCode: code, errorMessage: detail, isError: true, clearSession: code === 'session_unavailable' }
  }
  if (busy) return { errorCode: 'session_in_use', errorMessage, isError: true, clearSession: false }
  // Codex silently starts a new thread when it does not accept the id.
  if (report.resumed !== null && summary.sessionId !== null && summary.sessionId !== report.resumed) {
    const message = `Codex began thread ${summary.sessionId} instead of resuming ${report.resumed}.`
    return { errorCode: 'session_unavailable', errorMessage: message, isError: true, clearSession: true }
  }
  return { errorCode, errorMessage, isError, clearSession }
}

/** The message names minutes in the pod's time zone; the limits in the rollout name the second. */
function retryTimeOf(summary: CodexSummary, { limitResetsAt, endedAt, timeZone }: RunReport): number | null {
  if (summary.errorCode !== 'quota_exhausted' && summary.errorCode !== 'rate_limited') return summary.retryNotBeforeMs
  const said =
    summary.errorMessage === null ? null : retryNotBefore(summary.errorMessage, { saidAtMs: endedAt, timeZone })
  return said ?? (limitResetsAt !== null && limitResetsAt > endedAt ? limitResetsAt : null)
}
