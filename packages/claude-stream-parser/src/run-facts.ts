import { readApiErrorText, type ApiErrorText } from './api-error-text.ts'
import {
  bounded,
  isJsonObject,
  type JsonObject,
  listOf,
  memberOf,
  numberOf,
  objectOf,
  textOf,
} from '@agent-jobs/stream-parser-core'

/** What the summary keeps of a result line. */
export interface ResultFacts {
  readonly line: number
  readonly subtype: string
  readonly isError: boolean
  readonly result: string | null
  readonly errors: readonly string[]
  readonly structuredOutput: unknown
  readonly stopReason: string | null
  readonly terminalReason: string | null
  readonly apiErrorStatus: number | null
  readonly apiErrorType: string | null
  readonly apiError: string | null
  readonly startupFailureReason: string | null
  readonly localCommand: string | null
  readonly originKind: string | null
  readonly numTurns: number
  readonly durationMs: number
  readonly durationApiMs: number
  readonly outputTokens: number
  readonly resultIndex: number | null
  readonly permissionDenials: number
}

/** What is kept of an `assistant` line that tells of an API error. */
export interface AssistantErrorFacts {
  readonly line: number
  readonly error: string | null
  readonly status: number | null
  readonly type: string | null
  readonly kind: string | null
  readonly cut: string | null
  readonly stopReason: string | null
  readonly rateLimitStatus: string | null
  readonly message: string | null
  /** When the line was printed, in ms since 1970; null where it does not say. */
  readonly atMs: number | null
  /** What the CLI says in words. */
  readonly words: ApiErrorText | null
}

/** What is kept of a `system/api_retry` line. */
export interface RetryFacts {
  readonly line: number
  readonly attempt: number | null
  readonly maxRetries: number | null
  readonly delayMs: number | null
  readonly status: number | null
  readonly error: string | null
}

/** What is kept of a window of the subscription's limits, from a `rate_limit_event` or an error that carries the same. */
export interface RateLimitFacts {
  readonly line: number
  readonly status: string | null
  /** When the window opens again, in ms since 1970. */
  readonly resetsAtMs: number | null
  readonly rateLimitType: string | null
  readonly overageStatus: string | null
  readonly isUsingOverage: boolean | null
}

const maxErrors = 20
const maxErrorChars = 4_000

/** Reads a `result` line. */
export function readResult(event: JsonObject, line: number, maxResultChars: number): ResultFacts {
  const result = textOf(event, 'result')
  return {
    line,
    subtype: textOf(event, 'subtype') ?? '',
    isError: memberOf(event, 'is_error') === true,
    result: result === null ? null : bounded(result, maxResultChars),
    errors: errorsOf(event),
    structuredOutput: memberOf(event, 'structured_output'),
    stopReason: textOf(event, 'stop_reason'),
    terminalReason: textOf(event, 'terminal_reason'),
    apiErrorStatus: numberOf(event, 'api_error_status'),
    apiErrorType: textOf(event, 'api_error_type'),
    apiError: textOf(event, 'api_error'),
    startupFailureReason: textOf(event, 'startup_failure_reason'),
    localCommand: textOf(event, 'local_command'),
    originKind: textOf(objectOf(event, 'origin'), 'kind'),
    numTurns: numberOf(event, 'num_turns') ?? 0,
    durationMs: numberOf(event, 'duration_ms') ?? 0,
    durationApiMs: numberOf(event, 'duration_api_ms') ?? 0,
    outputTokens: numberOf(objectOf(event, 'usage'), 'output_tokens') ?? 0,
    resultIndex: numberOf(event, 'result_index'),
    permissionDenials: listOf(event, 'permission_denials').length,
  }
}

/** `errors`, or the one in `error`: a text, or an object with a `message`. */
function errorsOf(event: JsonObject): string[] {
  const listed = listOf(event, 'errors').slice(0, maxErrors)
  const single = textOf(event, 'error') ?? textOf(objectOf(event, 'error'), 'message')
  return [...listed, single]
    .map((error) => (isJsonObject(error) ? textOf(error, 'message') : error))
    .filter((error) => typeof error === 'string')
    .map((error) => bounded(error, maxErrorChars))
}

/** The model that the CLI names where it speaks itself. */
export const synthetic = '<synthetic>'

/**
 * Reads the error of an `assistant` line; null when it is an ordinary one. Claude Code 1 and 2.0 mark it by no
 * member: there its own words are looked at.
 */
export function readAssistantError(event: JsonObject, line: number): AssistantErrorFacts | null {
  const error = textOf(event, 'error')
  const message = objectOf(event, 'message')
  const isSynthetic = memberOf(message, 'model') === synthetic
  const isMarked = error !== null || memberOf(event, 'is_api_error_message') === true
  if (!isMarked && !isSynthetic) return null
  const params = objectOf(event, 'api_error_params')
  const block = listOf(message, 'content').find((entry) => isJsonObject(entry) && textOf(entry, 'type') === 'text')
  const said = isJsonObject(block) ? textOf(block, 'text') : null
  const status = numberOf(event, 'api_error_status')
  const type = textOf(event, 'api_error_type')
  const words = isSynthetic && said !== null ? readApiErrorText(said) : null
  if (!isMarked && words === null) return null
  return {
    line,
    error,
    status,
    type,
    words,
    kind: textOf(event, 'api_error'),
    cut: textOf(params, 'cut'),
    stopReason: textOf(message, 'stop_reason'),
    rateLimitStatus: textOf(objectOf(params, 'rate_limit_info'), 'status'),
    message: said === null ? null : bounded(said, maxErrorChars),
    atMs: timeOf(textOf(event, 'timestamp')),
  }
}

function timeOf(timestamp: string | null): number | null {
  const ms = timestamp === null ? Number.NaN : Date.parse(timestamp)
  return Number.isFinite(ms) ? ms : null
}

/** Reads a `system/api_retry` line. */
export function readRetry(event: JsonObject, line: number): RetryFacts {
  return {
    line,
    attempt: numberOf(event, 'attempt'),
    maxRetries: numberOf(event, 'max_retries'),
    delayMs: numberOf(event, 'retry_delay_ms'),
    status: numberOf(event, 'error_status'),
    error: textOf(event, 'error'),
  }
}

/** Reads a `rate_limit_info`. */
export function readRateLimit(info: JsonObject, line: number): RateLimitFacts {
  const resetsAt = numberOf(info, 'resetsAt')
  const overage = memberOf(info, 'isUsingOverage')
  return {
    line,
    status: textOf(info, 'status'),
    resetsAtMs: resetsAt === null ? null : resetsAt * 1000,
    rateLimitType: textOf(info, 'rateLimitType'),
    overageStatus: textOf(info, 'overageStatus'),
    isUsingOverage: typeof overage === 'boolean' ? overage : null,
  }
}

/** Everything a verdict may rest on. */
export interface RunFacts {
  /** The result that counts: the last one of a turn of the model. */
  readonly result: ResultFacts | null
  /** Lines that were JSON objects. */
  readonly events: number
  readonly lastLine: number
  readonly initLine: number | null
  /** The agent itself (not a sub-agent, not the CLI in its place) printed a block of a message. */
  readonly modelSpoke: boolean
  /** Among them was a text or a tool call; null when no block was printed at all. */
  readonly visible: boolean | null
  /** `stop_reason` of the agent's last message in the last turn, where the line has one. */
  readonly stopReason: string | null
  readonly assistantError: AssistantErrorFacts | null
  readonly retry: RetryFacts | null
  readonly rateLimit: RateLimitFacts | null
  /** Line of a `model_refusal_no_fallback` in the last turn. */
  readonly refusalLine: number | null
  /** Line of the CLI's own "[Request interrupted by user]", when it is the last thing that the agent's turn shows. */
  readonly interruptLine: number | null
  readonly finished: boolean
  /** A background task was stopped after the last result. */
  readonly taskStopped: boolean
  readonly turnOpen: boolean
  /** The last line broke off. */
  readonly cut: boolean
  readonly oversizeLines: number
  /** Lines of stdout that were not JSON, the first few. */
  readonly stdoutText: string
}
