import type { ApiUsage } from './api-usage.ts'
import type { LineIdentity } from './line-identity.ts'

/** Usage of one model as `modelUsage` states it. */
export interface ModelUsageEntry {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadInputTokens: number
  readonly cacheCreationInputTokens: number
  readonly cacheCreationEphemeral5mInputTokens?: number
  readonly cacheCreationEphemeral1hInputTokens?: number
  readonly thinkingTokens?: number
  readonly webSearchRequests?: number
  readonly costUSD: number
  readonly contextWindow?: number
  readonly maxOutputTokens?: number
  readonly canonicalModel?: string
  readonly provider?: string
  readonly costBasis?: string
}

/** Sub-agents as a result counts them. */
export interface SubagentStats {
  readonly spawned: number
  readonly requested?: { readonly background: number; readonly foreground: number; readonly unset: number }
  readonly started_in_background?: number
  readonly max_depth?: number
  readonly spawned_by_subagents?: number
  readonly completed?: number
  readonly failed?: number
  readonly killed?: { readonly parent: number; readonly user: number; readonly system: number }
  readonly refused?: {
    readonly depth_limit: number
    readonly concurrency_limit: number
    readonly budget: number
  }
  readonly by_type?: Readonly<Record<string, number>>
}

/** The end of a turn. A run can have several; it ends when its process ends. */
export interface ResultEvent extends LineIdentity {
  readonly type: 'result'
  /** `success`, also for API errors (then `is_error` is true), or one of the `error_…` subtypes. */
  readonly subtype: string
  readonly is_error: boolean
  readonly duration_ms: number
  readonly duration_api_ms: number
  readonly num_turns: number
  readonly stop_reason: string | null
  readonly terminal_reason?: string
  /** Text of the answer, or of the API error; absent for the `error_…` subtypes. */
  readonly result?: string
  /** What went wrong, for the `error_…` subtypes. */
  readonly errors?: readonly string[]
  /** Cumulative: a resumed session starts from the totals of its earlier runs. */
  readonly total_cost_usd: number
  /** Of this turn's main loop alone. */
  readonly usage: ApiUsage
  /** Cumulative like `total_cost_usd`, sub-agents and compaction included. */
  readonly modelUsage?: Readonly<Record<string, ModelUsageEntry>>
  /** What was counted since the result before this one, or since the process began. */
  readonly model_usage_since_last_result?: Readonly<Record<string, ModelUsageEntry>>
  readonly permission_denials?: readonly {
    readonly tool_name: string
    readonly tool_use_id: string
    readonly tool_input: unknown
  }[]
  readonly api_error_status?: number | null
  readonly api_error_type?: string
  readonly api_error?: string
  readonly startup_failure_reason?: string
  readonly invalid_config_file?: {
    readonly path: string
    readonly is_global?: boolean
    readonly backup_searched?: boolean
    readonly backup_path?: string
  }
  readonly structured_output?: unknown
  readonly local_command?: string
  readonly origin?: { readonly kind: string; readonly producer?: string; readonly runId?: string }
  readonly result_index?: number
  readonly queued_turn_count?: number
  readonly safety_stops?: number
  readonly subagent_stats?: SubagentStats
  readonly fast_mode_state?: string
  readonly fast_mode_disabled_reason?: string
  readonly ttft_ms?: number
  readonly ttft_stream_ms?: number
  readonly time_to_request_ms?: number
  readonly first_content_frame_ms?: number
}
