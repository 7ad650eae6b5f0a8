import { type JsonObject, numberOf } from '@agent-jobs/stream-parser-core'

/** Tokens of a run or of a thread. */
export interface CodexUsage {
  /** Input tokens that were not read from the cache. */
  inputTokens: number
  /** Reasoning included. */
  outputTokens: number
  /** Part of `outputTokens`. */
  reasoningTokens: number
  cacheReadInputTokens: number
  cacheCreationInputTokens: number
}

/**
 * `per_run`: tokens of this run alone. `session_cumulative`: what the thread held before is not known, so the figures
 * are those of the whole thread. `none`: the stream states no tokens (the turn did not complete).
 */
export type UsageBasis = 'per_run' | 'session_cumulative' | 'none'

/** No tokens. */
export function noUsage(): CodexUsage {
  return { inputTokens: 0, outputTokens: 0, reasoningTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }
}

/** Tokens as Codex writes them: in `turn.completed`, and in the `total_token_usage` of a rollout. */
export function readTokens(value: JsonObject): CodexUsage {
  const count = (key: string): number => Math.max(0, numberOf(value, key) ?? 0)
  const cached = count('cached_input_tokens')
  return {
    inputTokens: Math.max(0, count('input_tokens') - cached),
    outputTokens: count('output_tokens'),
    reasoningTokens: count('reasoning_output_tokens'),
    cacheReadInputTokens: cached,
    cacheCreationInputTokens: count('cache_write_input_tokens'),
  }
}

/**
 * What a thread used after an earlier state of it. A total below the earlier one is of another thread, or was reset:
 * then null.
 */
export function usageSince(total: CodexUsage, before: CodexUsage): CodexUsage | null {
  const difference: CodexUsage = {
    inputTokens: total.inputTokens - before.inputTokens,
    outputTokens: total.outputTokens - before.outputTokens,
    reasoningTokens: total.reasoningTokens - before.reasoningTokens,
    cacheReadInputTokens: total.cacheReadInputTokens - before.cacheReadInputTokens,
    cacheCreationInputTokens: total.cacheCreationInputTokens - before.cacheCreationInputTokens,
  }
  return Object.values(difference).every((count) => count >= 0) ? difference : null
}
