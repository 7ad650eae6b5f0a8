import { countOf, isJsonObject, type JsonObject, numberOf, objectOf } from '@agent-jobs/stream-parser-core'

/** Tokens of a run or of one model in it. */
export interface ClaudeUsage {
  /** Input tokens that were neither read from nor written to the cache. */
  inputTokens: number
  outputTokens: number
  cacheReadInputTokens: number
  cacheCreationInputTokens: number
  cacheCreation5mInputTokens: number
  cacheCreation1hInputTokens: number
  /** Part of `outputTokens`. */
  thinkingTokens: number
  webSearchRequests: number
}

/** Usage of one model. */
export interface ClaudeModelUsage extends ClaudeUsage {
  /** Null where only lines without a price were seen. */
  costUsd: number | null
  contextWindow: number | null
}

/**
 * Where the numbers come from.
 * `per_run`: everything the CLI counted for this run. `session_total`: the CLI stated cumulative totals only, so
 * a resumed session's earlier runs are in them. `partial`: the run ended before a result covered everything;
 * what the messages themselves state was added (input is right, output is a lower bound, cost is missing).
 * `none`: nothing was stated.
 */
export type UsageBasis = 'per_run' | 'session_total' | 'partial' | 'none'

/** A snapshot of the ledger. */
export interface UsageReport {
  usage: ClaudeUsage
  usageByModel: Record<string, ClaudeModelUsage>
  usageBasis: UsageBasis
  /** Null when no result stated a cost. */
  costUsd: number | null
}

interface Message {
  model: string
  usage: ClaudeUsage
}

/** Collects usage from the lines of a run, in bounded memory. */
export interface UsageLedger {
  /** The usage that an `assistant` line or a partial message carries. */
  message(id: string, model: string, usage: JsonObject): void
  /** The final counts of a message, from its `message_delta`. */
  messageDelta(id: string, usage: JsonObject): void
  result(result: JsonObject): void
  report(): UsageReport
}

// Messages that no result covers yet. Sub-agents run side by side, so some are open at once; beyond this
// many the oldest are surely complete and only their sum is kept.
const maxOpenMessages = 256
const maxModels = 64
const otherModels = '(other models)'

/** See {@link UsageLedger}. */
export function createUsageLedger(): UsageLedger {
  const stated = new Map<string, ClaudeModelUsage>()
  const folded = new Map<string, ClaudeModelUsage>()
  const open = new Map<string, Message>()
  let basis: UsageBasis = 'none'
  let cost: number | null = null
  let nextIndex = 0
  let gap = false

  function uncovered(): void {
    open.clear()
    folded.clear()
  }

  return {
    message(id, model, usage) {
      const tokens = fromApi(usage)
      if (total(tokens) === 0) return
      const seen = open.get(id)
      if (seen) {
        seen.usage = larger(seen.usage, tokens)
        return
      }
      open.set(id, { model, usage: tokens })
      if (open.size <= maxOpenMessages) return
      for (const [oldest, message] of open) {
        addTo(folded, message.model, message.usage, null, null)
        open.delete(oldest)
        break
      }
    },
    messageDelta(id, usage) {
      const seen = open.get(id)
      if (seen) seen.usage = larger(seen.usage, fromApi(usage))
    },
    result(result) {
      const index = numberOf(result, 'result_index')
      // The CLI loses the usage of a result that it could not write; a jump in the index shows it.
      if (index !== null) {
        if (index > nextIndex) gap = true
        nextIndex = index + 1
      }
      const since = objectOf(result, 'model_usage_since_last_result')
      if (since) {
        basis = 'per_run'
        let sum = 0
        for (const [model, stats] of Object.entries(since)) {
          if (!isJsonObject(stats)) continue
          const price = countOf(stats, 'costUSD')
          sum += price
          addTo(stated, model, fromModelUsage(stats), price, numberOf(stats, 'contextWindow'))
        }
        cost = (cost ?? 0) + sum
        return uncovered()
      }
      const totals = objectOf(result, 'modelUsage')
      const statedCost = numberOf(result, 'total_cost_usd')
      const totalCost = statedCost === null ? null : Math.max(0, statedCost)
      if (totals && Object.keys(totals).length > 0 && basis !== 'per_run') {
        basis = 'session_total'
        stated.clear()
        for (const [model, stats] of Object.entries(totals)) {
          if (!isJsonObject(stats)) continue
          addTo(stated, model, fromModelUsage(stats), countOf(stats, 'costUSD'), numberOf(stats, 'contextWindow'))
        }
        cost = totalCost
        return uncovered()
      }
      // A result of a start-up failure: nothing was counted because nothing was asked.
      if (total(fromApi(objectOf(result, 'usage') ?? {})) === 0 && (totalCost ?? 0) === 0) {
        if (basis === 'none') basis = 'per_run'
        cost ??= 0
      }
    },
    report() {
      const models = new Map<string, ClaudeModelUsage>()
      for (const part of [stated, folded]) {
        for (const [model, source] of part) addTo(models, model, source, source.costUsd, source.contextWindow)
      }
      for (const { model, usage } of open.values()) addTo(models, model, usage, null, null)
      const usage = noUsage()
      for (const source of models.values()) addUsage(usage, source)
      const partial = open.size > 0 || folded.size > 0 || gap
      return {
        usage,
        usageByModel: Object.fromEntries(models),
        usageBasis: partial ? 'partial' : basis,
        costUsd: cost,
      }
    },
  }
}

function addTo(
  models: Map<string, ClaudeModelUsage>,
  model: string,
  usage: ClaudeUsage,
  costUsd: number | null,
  contextWindow: number | null,
): void {
  const name = models.has(model) || models.size < maxModels ? model : otherModels
  const known = models.get(name) ?? { ...noUsage(), costUsd: null, contextWindow: null }
  models.set(name, known)
  addUsage(known, usage)
  if (costUsd !== null) known.costUsd = (known.costUsd ?? 0) + costUsd
  if (contextWindow !== null) known.contextWindow = contextWindow
}

function noUsage(): ClaudeUsage {
  return {
    inputTokens: 0,
    outputTokens: 0,
    cacheReadInputTokens: 0,
    cacheCreationInputTokens: 0,
    cacheCreation5mInputTokens: 0,
    cacheCreation1hInputTokens: 0,
    thinkingTokens: 0,
    webSearchRequests: 0,
  }
}

const counters = Object.keys(noUsage()) as (keyof ClaudeUsage)[]

function addUsage(target: ClaudeUsage, source: ClaudeUsage): void {
  for (const counter of counters) target[counter] += source[counter]
}

function larger(a: ClaudeUsage, b: ClaudeUsage): ClaudeUsage {
  const result = noUsage()
  for (const counter of counters) result[counter] = Math.max(a[counter], b[counter])
  return result
}

function total(usage: ClaudeUsage): number {
  return usage.inputTokens + usage.outputTokens + usage.cacheReadInputTokens + usage.cacheCreationInputTokens
}

function fromApi(usage: JsonObject): ClaudeUsage {
  const creation = objectOf(usage, 'cache_creation')
  return {
    inputTokens: countOf(usage, 'input_tokens'),
    outputTokens: countOf(usage, 'output_tokens'),
    cacheReadInputTokens: countOf(usage, 'cache_read_input_tokens'),
    cacheCreationInputTokens: countOf(usage, 'cache_creation_input_tokens'),
    cacheCreation5mInputTokens: countOf(creation, 'ephemeral_5m_input_tokens'),
    cacheCreation1hInputTokens: countOf(creation, 'ephemeral_1h_input_tokens'),
    thinkingTokens: countOf(objectOf(usage, 'output_tokens_details'), 'thinking_tokens'),
    webSearchRequests: countOf(objectOf(usage, 'server_tool_use'), 'web_search_requests'),
  }
}

function fromModelUsage(stats: JsonObject): ClaudeUsage {
  return {
    inputTokens: countOf(stats, 'inputTokens'),
    outputTokens: countOf(stats, 'outputTokens'),
    cacheReadInputTokens: countOf(stats, 'cacheReadInputTokens'),
    cacheCreationInputTokens: countOf(stats, 'cacheCreationInputTokens'),
    cacheCreation5mInputTokens: countOf(stats, 'cacheCreationEphemeral5mInputTokens'),
    cacheCreation1hInputTokens: countOf(stats, 'cacheCreationEphemeral1hInputTokens'),
    thinkingTokens: countOf(stats, 'thinkingTokens'),
    webSearchRequests: countOf(stats, 'webSearchRequests'),
  }
}
