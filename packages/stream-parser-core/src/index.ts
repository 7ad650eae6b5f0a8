export { type AgentErrorCode, agentErrorCodes } from './agent-error-code.ts'
export { codeOfStatus } from './code-of-status.ts'
export {
  createStreamParser,
  type Dialect,
  type StreamParser,
  type StreamParserOptions,
} from './create-stream-parser.ts'
export {
  bounded,
  countOf,
  isJsonObject,
  type JsonObject,
  listOf,
  memberOf,
  numberOf,
  objectOf,
  parseJson,
  textOf,
} from './json.ts'
export { judgeSilence, type SilentCli } from './judge-silence.ts'
export type { LineEvent } from './line-event.ts'
export { createLineTally, type LineTally } from './line-tally.ts'
export { createNameCounter, type NameCounter } from './name-counter.ts'
export { hasBrand, ParserError } from './parser-error.ts'
export type { ProcessEnd } from './process-end.ts'
export { endSignal, isStopSignal } from './process-signal.ts'
export type { RecorderOptions, RunRecorder } from './run-recorder.ts'
export type { CommonEntry, Entry } from './transcript-entry.ts'
export type { Observation, VerdictOn } from './verdict.ts'
export { readObjects } from './read-objects.ts'
export { withoutTerminalCodes } from './without-terminal-codes.ts'
export type { FinishRule, LinePattern, LoopRule } from './finish-rule.ts'
export { classifyProviderError, codeOfNames, codeOfSentence } from './classify-provider-error.ts'
export { isAboutConversation } from './is-about-conversation.ts'
export { endpointOf } from './endpoint.ts'
export { errorLineOf, lastWordsOf } from './last-words.ts'
export { type ProviderError, readProviderError } from './read-provider-error.ts'
export { readRetryTime, type RetryTime } from './retry-time.ts'
export { explainFailure } from './explain-failure.ts'
export { createRecentSet } from './recent-set.ts'
