import type { AgentErrorCode } from '@agent-jobs/stream-parser-core'
import type { ErrorFacts } from './error-facts.ts'
import type { Evidence } from './evidence.ts'
import type { OpencodeUsage, StepFacts, UsageBasis } from './step-ledger.ts'

/** What a run came to, whatever way it ended. */
export interface OpencodeSummary {
  sessionId: string | null
  /** OpenCode prints it nowhere. */
  model: null
  /** The whole text of the last message that has text; null when there is none, or the summary of a compaction was the last. */
  result: string | null
  /** Sum of the steps. Sub-agents (tool `task`) and the title call are not printed and not in it. */
  usage: OpencodeUsage
  usageBasis: UsageBasis
  /** Sum of the steps; null when no step ended. */
  costUsd: number | null
  /** Size of the conversation after the last step: this, not a sum, is what a context window is compared with. */
  contextTokens: number | null
  /** Steps that ended. */
  numTurns: number
  stepsBegun: number
  lastStep: StepFacts | null
  finishReason: string | null
  /** From the first to the last line, by the CLI's clock; null without lines. */
  durationMs: number | null
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
  toolCalls: number
  toolCallsByName: Record<string, number>
  /** Calls that ended with an error. They do not fail the run. */
  toolErrors: number
  /** Calls of unknown or denied tools. */
  invalidToolCalls: number
  /** Calls of the tool `task`. */
  subagents: number
  unknownEvents: number
  unknownTypes: Record<string, number>
  /** The agent answered, or failed permanently: the process has nothing more to do. */
  finished: boolean
  /** The last step is an answer. False also for a run that a rejected permission ended. */
  answered: boolean
  errors: number
  recoveredErrors: number
  /** The error that `errorCode` was judged by, if it was one. */
  lastError: ErrorFacts | null
  /** When the provider wants to be asked again, in ms after the error; null when it did not say. */
  retryAfterMs: number | null
  /** The same, in ms since 1970. */
  retryNotBeforeMs: number | null
  compactions: number
  lines: { total: number; events: number; text: number; oversize: number; cut: boolean }
}
