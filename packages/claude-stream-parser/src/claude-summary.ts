import type { AgentErrorCode } from '@agent-jobs/stream-parser-core'
import type { Evidence } from './evidence.ts'
import type { RateLimitFacts, ResultFacts, RetryFacts } from './run-facts.ts'
import type { ClaudeModelUsage, ClaudeUsage, UsageBasis } from './usage-ledger.ts'

/** What a run came to, whatever way it ended. */
export interface ClaudeSummary {
  /** As printed; for an unknown session the CLI echoes the requested id. */
  sessionId: string | null
  /** An `init` line came: the session exists. */
  sessionStarted: boolean
  /** The model that answered last; the one asked for where none answered. */
  model: string | null
  /** The model asked for. */
  requestedModel: string | null
  /** The answer: the whole text of the last message that has text, or of the error; null when no result came. */
  result: string | null
  /** What the agent itself said last, also when no result came. */
  lastText: string | null
  /** Value of `--json-schema` runs. */
  structuredOutput: unknown
  usage: ClaudeUsage
  usageByModel: Record<string, ClaudeModelUsage>
  usageBasis: UsageBasis
  /** Of this run alone where `usageBasis` is `per_run`; null when no result stated one. */
  costUsd: number | null
  /** Over all results of the run. */
  numTurns: number
  /** Over all results of the run; null without one. */
  durationMs: number | null
  durationApiMs: number | null
  /** True when `errorCode` is not null. */
  isError: boolean
  errorCode: AgentErrorCode | null
  errorMessage: string | null
  /** What the verdict rests on, also on success. */
  evidence: readonly Evidence[]
  /**
   * The run shows that its conversation cannot go on: start a new one. False for faults of an account, a model, a network
   * or a setting.
   */
  clearSession: boolean
  /** Tool calls of the agent and its sub-agents. */
  toolCalls: number
  toolCallsByName: Record<string, number>
  subagents: number
  /** Lines of a JSON type that this package does not know. */
  unknownEvents: number
  unknownTypes: Record<string, number>
  /** A result came, no turn is open and no background task is pending. */
  finished: boolean
  pendingTasks: number
  results: number
  /** The result that `errorCode` was judged by. */
  lastResult: ResultFacts | null
  retries: number
  lastRetry: RetryFacts | null
  /** The window that refuses requests; the last one that was stated where none does. */
  rateLimit: RateLimitFacts | null
  /** When the API wants to be asked again, in ms since 1970; null when it did not say, or the run did not fail for a limit. */
  retryNotBeforeMs: number | null
  modelFallback: { from: string | null; to: string | null; trigger: string | null } | null
  permissionDenials: number
  compactions: number
  hooks: number
  cwd: string | null
  claudeCodeVersion: string | null
  permissionMode: string | null
  apiKeySource: string | null
  /** MCP servers that `init` lists with another status than `connected`. */
  mcpServersDown: readonly string[]
  lines: { total: number; events: number; text: number; oversize: number; cut: boolean }
}
