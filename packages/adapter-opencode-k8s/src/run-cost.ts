import type { AgentUsage } from '@agent-jobs/agent-run'
import type { Billing, RunCost } from '@agent-jobs/adapter-kit'
import { isRecord } from './loose-record.ts'
import { readModel } from './opencode-model.ts'
import type { OpencodeSettings } from './opencode-settings.ts'
import { modelCatalogue, type ModelPrice } from './model-catalogue.ts'
import type { OpencodeRunSummary } from './database-errors.ts'

type Paid = Pick<OpencodeRunSummary, 'costUsd' | 'contextTokens' | 'compactions'> & { usage: AgentUsage }

/** What the tokens cost by a price; null where the price does not cover them. */
export function priceOf({ usage, contextTokens, compactions }: Paid, price: ModelPrice): number | null {
  const { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens } = usage
  if (cacheCreationInputTokens > 0 && price.cacheWrite === undefined) return null
  if (price.upToTokens !== undefined) {
    // A conversation only grows, so the last step is the largest – unless it was compacted on the way.
    if (compactions > 0 || contextTokens === null || contextTokens > price.upToTokens) return null
  }
  const millionths =
    inputTokens * price.input +
    outputTokens * price.output +
    cacheReadInputTokens * price.cacheRead +
    cacheCreationInputTokens * (price.cacheWrite ?? 0)
  return millionths / 1_000_000
}

function descend(value: unknown, ...keys: string[]): unknown {
  let found = value
  for (const key of keys) found = isRecord(found) ? found[key] : undefined
  return found
}

const unknown: RunCost = { costSource: 'unknown', costUsd: null }

/**
 * What a run cost. OpenCode says 0 both for what is free and for what it has no price for; its own figure stands whenever
 * it is one. The list is asked only where the tokens were surely paid by it: a key of the provider's own, at its own
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
  // Whoever wrote a price down, and be it 0, meant it.
  if (isRecord(descend(configured, 'models', id, 'cost'))) return { costSource: 'agent', costUsd }
  const price = modelCatalogue.models[model]?.price
  const direct = billing.billingType === 'metered_api' && billing.biller === provider
  if (price === undefined || !direct || descend(configured, 'options', 'baseURL') !== undefined) return unknown
  const listed = priceOf(summary, price)
  if (listed === null) return unknown
  const { source, date } = modelCatalogue
  return { costSource: 'price_list', costUsd: listed, priceList: { source, date } }
}
