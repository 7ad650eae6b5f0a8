import type { Outcome } from '@agent-jobs/k8s-job-runner'
import type { AdapterExecutionResult } from '@paperclipai/adapter-utils'
import type { Billing, RunCost } from '../agent/agent-definition.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import type { SessionParams } from '../session/session-params.ts'
import type { RunConclusion } from './conclude-run.ts'

// Without it a lost or failed run of an external adapter leaves its task blocked (docs/paperclip-facts.md#conversation-continuation).
const continuation = { conversationContinuation: 'continue_conversation_v1' } as const
const bootstrap = { kind: 'bootstrap', providerWorkStarted: false } as const
const settled = {
  kind: 'interrupted',
  providerStopped: true,
  sessionPreserved: true,
  actionOutcomes: 'settled',
} as const

/** What every result says about where it ran. */
export interface RunReport {
  job: string
  namespace: string
  pod: string | null
  node: string | null
  adoptedFromRun: string | null
  outcome: string
  outputComplete: boolean | null
  timings: Record<string, number>
}

/** A failure before the Job existed, or one that says nothing about it. */
export function earlyFailure(input: {
  errorCode: string
  errorMessage: string
  session: SessionParams | null
  retryable: boolean
  cancelled: boolean
  /** True when it is certain that no agent started for this run. */
  neverBegan: boolean
  now: number
}): AdapterExecutionResult {
  return {
    exitCode: 1,
    signal: null,
    timedOut: false,
    errorCode: input.cancelled ? 'cancelled' : input.errorCode,
    errorMessage: input.errorMessage,
    errorFamily: input.retryable ? 'transient_upstream' : null,
    ...sessionFields(input.session),
    ...(input.neverBegan ? { executionRecovery: bootstrap } : {}),
    resultJson: {
      ...continuation,
      ...(input.cancelled && input.neverBegan ? acknowledged(input.now) : {}),
    },
  }
}

function acknowledged(now: number): Record<string, unknown> {
  return { executionCancellation: { state: 'acknowledged', acknowledgedAt: new Date(now).toISOString() } }
}

function sessionFields(
  session: SessionParams | null,
): Pick<AdapterExecutionResult, 'sessionId' | 'sessionParams' | 'sessionDisplayId'> {
  // Absent keeps what Paperclip has; null would clear it.
  if (session === null) return {}
  return {
    sessionId: session.sessionId,
    sessionParams: { ...session },
    sessionDisplayId: session.sessionId.slice(0, 128),
  }
}

/** What parsers count; absent where a parser does not. */
function commonFacts({ numTurns, durationMs, toolCalls, subagents }: AgentSummary): Record<string, unknown> {
  const facts = { numTurns, durationMs, toolCalls, subagents }
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && value !== null))
}

function reportedCost({ costUsd }: AgentSummary): RunCost {
  return costUsd === null ? { costSource: 'unknown', costUsd } : { costSource: 'agent', costUsd }
}

/** The result of a run whose Job ended. */
export function executionResult(input: {
  conclusion: RunConclusion
  outcome: Outcome
  summary: AgentSummary
  session: SessionParams | null
  model: string | null
  billing: Billing
  /** Default: what the agent reports. */
  cost?: RunCost | undefined
  /** Numbers of the agent's own result. */
  facts?: Readonly<Record<string, unknown>> | undefined
  /** When Paperclip may post the agent's last words, or the error, in the task's thread; it does if the run made no comment. */
  comment: 'always' | 'on_success' | 'never'
  report: RunReport
  retryAt: number | null
  now: number
}): AdapterExecutionResult {
  const { conclusion, outcome, summary, billing, report } = input
  const { usage } = summary
  const { costUsd, ...costNotes } = input.cost ?? reportedCost(summary)
  const common = {
    signal: null,
    usage: {
      inputTokens: usage.inputTokens + usage.cacheCreationInputTokens,
      outputTokens: usage.outputTokens,
      cachedInputTokens: usage.cacheReadInputTokens,
    },
    usageBasis: summary.usageBasis === 'session_cumulative' ? ('session_cumulative' as const) : ('per_run' as const),
    costUsd,
    model: input.model,
    provider: billing.provider,
    biller: billing.biller,
    billingType: billing.billingType,
  }
  const agentResult = { ...commonFacts(summary), ...input.facts }
  const agentJob = {
    ...report,
    ...(conclusion.kind === 'failed' ? { errorCode: conclusion.code } : {}),
    ...costNotes,
  }
  if (conclusion.kind === 'succeeded') {
    return {
      ...common,
      ...sessionFields(input.session),
      exitCode: 0,
      timedOut: false,
      summary: input.comment === 'never' ? null : summary.result,
      resultJson: { agentJob, agentResult, ...(conclusion.warning === null ? {} : { warning: conclusion.warning }) },
    }
  }
  const cancelled = outcome.kind === 'cancelled'
  const exitCode = outcome.exitCode === null || outcome.exitCode === 0 ? 1 : outcome.exitCode
  return {
    ...common,
    ...(conclusion.clearSession
      ? { clearSession: true, sessionId: null, sessionParams: null, sessionDisplayId: null }
      : sessionFields(input.session)),
    exitCode,
    timedOut: conclusion.timedOut,
    errorCode: conclusion.errorCode,
    errorMessage: conclusion.errorMessage,
    errorFamily: conclusion.errorFamily,
    // Paperclip posts it as the agent's comment when the run made none itself.
    ...(input.comment === 'always' && !cancelled ? { summary: summary.result ?? conclusion.errorMessage } : {}),
    ...(input.retryAt === null ? {} : { retryNotBefore: new Date(input.retryAt).toISOString() }),
    ...(conclusion.began
      ? cancelled && conclusion.stopped
        ? { executionRecovery: settled }
        : {}
      : { executionRecovery: bootstrap }),
    resultJson: {
      ...continuation,
      agentJob,
      agentResult,
      ...(conclusion.code === 'max_turns' ? { stopReason: 'max_turns_exhausted' } : {}),
      ...(outcome.exitCode === null ? {} : { agentExitCode: outcome.exitCode }),
      ...(outcome.signal === null ? {} : { agentSignal: outcome.signal }),
      ...(cancelled && conclusion.stopped ? acknowledged(input.now) : {}),
    },
  }
}
