import type { AgentErrorCode } from '@agent-jobs/stream-parser-core'
import type { Evidence } from './evidence.ts'
import type { ItemReport } from './item-ledger.ts'
import type { CodexUsage, UsageBasis } from './thread-usage.ts'

/** The result of a run, whatever way it ended. */
export interface CodexSummary extends ItemReport {
  /** Id of the thread, for a later resume. */
  sessionId: string | null
  /** Codex does not print it. */
  model: null
  /** The last message of a run whose turn completed; null otherwise. */
  result: string | null
  /** The last message, also of a run that failed. */
  lastText: string | null
  /** Tokens, as `usageBasis` says. All 0 when the turn did not complete. */
  usage: CodexUsage
  usageBasis: UsageBasis
  /** Tokens of the whole thread, earlier runs included; null when the turn did not complete. */
  threadUsage: CodexUsage | null
  /** Codex does not print it. */
  costUsd: null
  /** Turns that began: 0 or 1. */
  numTurns: number
  /** Codex prints no times. */
  durationMs: null
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
  /** The turn completed or failed: the process has nothing more to do. */
  finished: boolean
  /** Retry notices of the CLI. */
  retries: number
  lastRetry: string | null
  /**
   * When the message of a failed turn says that it may be tried again, in ms since 1970; null when it does not say, or
   * names a time of day and neither `now` nor the thread's id tells the day.
   */
  retryNotBeforeMs: number | null
  unknownEvents: number
  unknownTypes: Record<string, number>
  lines: { total: number; events: number; text: number; oversize: number; cut: boolean }
}
