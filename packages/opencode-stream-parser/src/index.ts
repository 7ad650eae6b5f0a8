export {
  type AgentErrorCode,
  agentErrorCodes,
  type ProcessEnd,
  type JsonObject,
  type FinishRule,
  type LinePattern,
  type LoopRule,
} from '@agent-jobs/stream-parser-core'
export { createOpencodeParser, type OpencodeParser, type OpencodeParserOptions } from './create-opencode-parser.ts'
export type { ErrorFacts } from './error-facts.ts'
export type * from './events.ts'
export type { Evidence, Verdict } from './evidence.ts'
export { finishRule } from './finish-rule.ts'
export { OpencodeParserError, type OpencodeParserErrorCode } from './opencode-parser-error.ts'
export type { OpencodeSummary } from './opencode-summary.ts'
export type { OpencodeUsage, StepFacts, UsageBasis } from './step-ledger.ts'
export { createTranscript, toTranscript, type Transcript } from './to-transcript.ts'
export type { TranscriptEntry } from './transcript-entry.ts'
