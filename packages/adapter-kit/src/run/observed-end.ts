import { phaseTimes, type AgentSummary, type FollowedAgent } from '@agent-jobs/agent-run'
import type { RunHandle } from '@agent-jobs/k8s-job-runner'
import type { ObservedEnd, ObservedRun, PhaseDurations } from '@agent-jobs/metrics'
import type { AdapterExecutionContext, AdapterExecutionResult } from '@paperclipai/adapter-utils'
import type { AcquiredJob } from '../acquire/acquired-job.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'

/** A run as metrics see it. */
export function observedRun({ type }: Pick<AgentDefinition, 'type'>, { agent }: AdapterExecutionContext): ObservedRun {
  return { adapter: type, agentId: agent.id, companyId: agent.companyId }
}

/** The end of a run whose Job was followed to its outcome. */
export function observedEnd(
  { handle, adopted }: Pick<AcquiredJob, 'handle' | 'adopted'>,
  { outcome, summary, output }: Extract<FollowedAgent<AgentSummary>, { kind: 'ended' }>,
  { errorCode, model, costUsd }: Pick<AdapterExecutionResult, 'errorCode' | 'model' | 'costUsd'>,
): ObservedEnd {
  return {
    id: handle.job.uid,
    outcome: outcome.code,
    errorCode: errorCode ?? null,
    model: model ?? null,
    usage: summary.usage,
    costUsd: costUsd ?? null,
    adopted: adopted !== null,
    outputComplete: output.verdict === 'unverified' ? null : output.verdict === 'complete',
    // The phases of an adopted run began in another process.
    phases: adopted === null ? phaseDurations(handle.timings) : {},
  }
}

/** The end of a run without an outcome: it got no Job, or how its Job ended is unknown. */
export function unreportedEnd(
  runId: string,
  mayHaveBegun: boolean,
  { errorCode }: Pick<AdapterExecutionResult, 'errorCode'>,
): ObservedEnd {
  return {
    id: `run ${runId}`,
    outcome: mayHaveBegun ? 'unknown' : 'not_started',
    errorCode: errorCode ?? null,
    model: null,
    usage: { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
    costUsd: null,
    adopted: false,
    outputComplete: null,
    phases: {},
  }
}

function phaseDurations(timings: RunHandle['timings']): PhaseDurations {
  return Object.fromEntries(phaseTimes(timings).map(({ phase, fromMs, toMs }) => [phase, toMs - fromMs]))
}
