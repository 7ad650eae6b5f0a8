import type { AgentUsage } from '@agent-jobs/agent-run'
import { listedCost, type Billing, type RunCost } from '@agent-jobs/adapter-kit'
import type { ClaudeSummary } from '@agent-jobs/claude-stream-parser'

type Paid = Pick<ClaudeSummary, 'costUsd' | 'model'> & { usage: AgentUsage }

/**
 * What a run cost. Claude Code states it with its result; a run that was stopped before has only counted its tokens, whose
 * price by Anthropic's list is known where Anthropic bills them by key.
 */
export function claudeCost({
  summary,
  settings,
  billing,
}: {
  summary: Paid
  settings: { model?: string | undefined }
  billing: Billing
}): RunCost {
  const { costUsd, usage } = summary
  if (costUsd !== null) return { costSource: 'agent', costUsd }
  const model = summary.model ?? settings.model
  if (model === undefined || billing.biller !== 'anthropic' || billing.billingType !== 'api') {
    return { costSource: 'unknown', costUsd: null }
  }
  return listedCost(`anthropic/${model.replace(/-\d{8}$/, '')}`, { usage, largestRequest: null })
}
