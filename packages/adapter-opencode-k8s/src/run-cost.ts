import type { AgentUsage } from '@agent-jobs/agent-run'
import { listedCost, type Billing, type RunCost } from '@agent-jobs/adapter-kit'
import { isRecord } from './loose-record.ts'
import { readModel } from './opencode-model.ts'
import type { OpencodeSettings } from './opencode-settings.ts'
import type { OpencodeRunSummary } from './database-errors.ts'

type Paid = Pick<OpencodeRunSummary, 'costUsd' | 'contextTokens' | 'compactions'> & { usage: AgentUsage }

function descend(value: unknown, ...keys: string[]): unknown {
  let found = value
  for (const key of keys) found = isRecord(found) ? found[key] : undefined
  return found
}

const unknown: RunCost = { costSource: 'unknown', costUsd: null }

/**
 * What a run cost. OpenCode reports 0 both for free models and for unknown prices; its own figure is used whenever
 * it is not 0. The list applies only when the tokens were certainly billed by it: a key of the provider's own, at its own
 * address.
 */
export function runCost(input: { summary: Paid; settings: OpencodeSettings; billing: Billing }): RunCost {
  const { summary, settings, billing } = input
  const { costUsd, usage } = summary
  if (costUsd === null) return unknown
  const tokens = Object.values(usage).reduce((sum, count) => sum + count, 0)
  if (costUsd > 0 || tokens === 0) return { costSource: 'agent', costUsd }
  const read = readModel(settings.model)
  if (!read.ok || read.model === null) return unknown
  const { model, provider } = read
  const configured = descend(settings.providerOptions, provider)
  const id = model.slice(provider.length + 1)
  // A configured price is intended, even when it is 0.
  if (isRecord(descend(configured, 'models', id, 'cost'))) return { costSource: 'agent', costUsd }
  const direct = billing.billingType === 'metered_api' && billing.biller === provider
  if (!direct || descend(configured, 'options', 'baseURL') !== undefined) return unknown
  // A conversation only grows, so the last step is the largest, unless it was compacted on the way.
  const largestRequest = summary.compactions > 0 ? null : summary.contextTokens
  return listedCost(model, { usage, largestRequest })
}
