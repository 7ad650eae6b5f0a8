export { type AgentErrorCode, agentErrorCodes } from './agent-error-code.ts'
export { codeOfProviderError } from './code-of-provider-error.ts'
export { codeOfStatus } from './code-of-status.ts'
export {
  createStreamParser,
  type Dialect,
  type StreamParser,
  type StreamParserOptions,
} from './create-stream-parser.ts'
export {
  bounded,
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
export { createLineTally } from './line-tally.ts'
export { createNameCounter } from './name-counter.ts'
export { hasBrand, ParserError } from './parser-error.ts'
export type { ProcessEnd } from './process-end.ts'
export { endSignal, isStopSignal } from './process-signal.ts'
export type { RunRecorder } from './run-recorder.ts'
export type { CommonEntry, Entry } from './transcript-entry.ts'
export type { Observation, VerdictOn } from './verdict.ts'
export { withoutColours } from './without-colours.ts'
export type { FinishRule, LinePattern, LoopRule } from './finish-rule.ts'
