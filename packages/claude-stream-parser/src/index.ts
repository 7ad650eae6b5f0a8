export {
  type AgentErrorCode,
  agentErrorCodes,
  type ProcessEnd,
  type JsonObject,
  type FinishRule,
  type LinePattern,
  type LoopRule,
} from '@agent-jobs/stream-parser-core'
export { ClaudeParserError, type ClaudeParserErrorCode } from './claude-parser-error.ts'
export type { ClaudeSummary } from './claude-summary.ts'
export { type ClaudeParser, type ClaudeParserOptions, createClaudeParser } from './create-claude-parser.ts'
export type * from './events.ts'
export type { Evidence, Verdict } from './evidence.ts'
export { createFinishTracker, type FinishTracker, finishRule } from './finish-tracker.ts'
export type * from './notice-events.ts'
export type * from './result-event.ts'
export type { AssistantErrorFacts, RateLimitFacts, ResultFacts, RetryFacts } from './run-facts.ts'
export type * from './session-events.ts'
export type * from './system-events.ts'
export type { ClaudeModelUsage, ClaudeUsage, UsageBasis } from './usage-ledger.ts'
export { createTranscript, toTranscript, type Transcript } from './to-transcript.ts'
export type { TranscriptEntry } from './transcript-entry.ts'
