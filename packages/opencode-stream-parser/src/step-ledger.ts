import { countOf, type JsonObject, numberOf, objectOf, textOf } from '@agent-jobs/stream-parser-core'

/** Tokens of a run or of a step. */
export interface OpencodeUsage {
  /** Input tokens that were neither read from nor written to the cache. */
  inputTokens: number
  /** Reasoning included. */
  outputTokens: number
  /** Part of `outputTokens`. */
  reasoningTokens: number
  cacheReadInputTokens: number
  cacheCreationInputTokens: number
}

/** One model call that ended. */
export interface StepFacts {
  readonly line: number
  readonly reason: string
  readonly usage: OpencodeUsage
  readonly costUsd: number
  /** What the next call starts from: everything that went in and came out. */
  readonly contextTokens: number
}

/**
 * `per_run`: every step that began stated its usage (sub-agents and the title are never in it).
 * `partial`: a step broke off, so its usage is missing. `none`: no step ended.
 */
export type UsageBasis = 'per_run' | 'partial' | 'none'

/** Sums up the steps of a run. */
export interface StepLedger {
  begin(): void
  finish(part: JsonObject, line: number): StepFacts
  readonly begun: number
  readonly finished: number
  readonly open: boolean
  readonly last: StepFacts | null
  report(): { usage: OpencodeUsage; usageBasis: UsageBasis; costUsd: number | null; contextTokens: number | null }
}

/** See {@link StepLedger}. */
export function createStepLedger(): StepLedger {
  const usage: OpencodeUsage = noUsage()
  let costUsd = 0
  let begun = 0
  let finished = 0
  let broken = 0
  let open = false
  let last: StepFacts | null = null
  return {
    begin() {
      if (open) broken++
      begun++
      open = true
    },
    finish(part, line) {
      finished++
      open = false
      const tokens = objectOf(part, 'tokens')
      const cache = objectOf(tokens, 'cache')
      const reasoning = countOf(tokens, 'reasoning')
      const step: OpencodeUsage = {
        inputTokens: countOf(tokens, 'input'),
        outputTokens: countOf(tokens, 'output') + reasoning,
        reasoningTokens: reasoning,
        cacheReadInputTokens: countOf(cache, 'read'),
        cacheCreationInputTokens: countOf(cache, 'write'),
      }
      usage.inputTokens += step.inputTokens
      usage.outputTokens += step.outputTokens
      usage.reasoningTokens += step.reasoningTokens
      usage.cacheReadInputTokens += step.cacheReadInputTokens
      usage.cacheCreationInputTokens += step.cacheCreationInputTokens
      const cost = countOf(part, 'cost')
      costUsd += cost
      const all = step.inputTokens + step.outputTokens + step.cacheReadInputTokens + step.cacheCreationInputTokens
      last = {
        line,
        reason: textOf(part, 'reason') ?? '',
        usage: step,
        costUsd: cost,
        contextTokens: Math.max(0, numberOf(tokens, 'total') ?? all),
      }
      return last
    },
    get begun() {
      return begun
    },
    get finished() {
      return finished
    },
    get open() {
      return open
    },
    get last() {
      return last
    },
    report() {
      const basis = open || broken > 0 ? 'partial' : 'per_run'
      return {
        usage: { ...usage },
        usageBasis: finished === 0 ? 'none' : basis,
        costUsd: finished === 0 ? null : costUsd,
        contextTokens: last?.contextTokens ?? null,
      }
    },
  }
}

function noUsage(): OpencodeUsage {
  return { inputTokens: 0, outputTokens: 0, reasoningTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
}
