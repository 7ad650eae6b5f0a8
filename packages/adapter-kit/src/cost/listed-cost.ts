import type { AgentUsage } from '@agent-jobs/agent-run'
import type { RunCost } from '../agent/agent-definition.ts'
import { modelCatalogue, type ModelPrice } from './model-catalogue.ts'

/** The tokens of a run, and what decides which price holds for them. */
export interface PricedTokens {
  readonly usage: AgentUsage
  /** Tokens of the largest request, null when not known: some models cost more above a size. */
  readonly largestRequest: number | null
}

/** What the tokens cost by a price, in US dollars; null where the price does not cover them. */
export function priceOf({ usage, largestRequest }: PricedTokens, price: ModelPrice): number | null {
  const { inputTokens, outputTokens, cacheReadInputTokens, cacheCreationInputTokens } = usage
  if (cacheCreationInputTokens > 0 && price.cacheWrite === undefined) return null
  if (price.upToTokens !== undefined && (largestRequest === null || largestRequest > price.upToTokens)) return null
  const millionths =
    inputTokens * price.input +
    outputTokens * price.output +
    cacheReadInputTokens * price.cacheRead +
    cacheCreationInputTokens * (price.cacheWrite ?? 0)
  return millionths / 1_000_000
}

/**
 * The cost of a run by the price list, with the list's source and date; unknown for models that are not in it. `model` is
 * `provider/model`. For agents that know no prices themselves, and only where the provider bills the tokens directly.
 */
export function listedCost(model: string, tokens: PricedTokens): RunCost {
  const price = Object.hasOwn(modelCatalogue.models, model) ? modelCatalogue.models[model]?.price : undefined
  const costUsd = price === undefined ? null : priceOf(tokens, price)
  if (costUsd === null) return { costSource: 'unknown', costUsd: null }
  const { source, date } = modelCatalogue
  return { costSource: 'price_list', costUsd, priceList: { source, date } }
}
