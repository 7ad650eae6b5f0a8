import {
  bounded,
  isJsonObject,
  type JsonObject,
  memberOf,
  numberOf,
  objectOf,
  parseJson,
  textOf,
} from '@agent-jobs/stream-parser-core'

/** What is kept of an `error` line. */
export interface ErrorFacts {
  readonly line: number
  readonly name: string
  readonly message: string
  readonly status: number | null
  readonly retryable: boolean | null
  /** `error.type` of the provider's answer. */
  readonly providerType: string | null
  /** `error.code` of the provider's answer. */
  readonly providerCode: string | null
  /** Names the entry in the CLI's log that has the reason. */
  readonly ref: string | null
  /** Stated by the provider's `retry-after` header. */
  readonly retryAfterMs: number | null
}

const maxMessageChars = 4_000
// A provider's error answer is small; a page of HTML in its place is not worth parsing.
const maxBodyChars = 64 * 1024

/** Reads an `error` line. */
export function readError(value: JsonObject, line: number): ErrorFacts {
  const error = objectOf(value, 'error')
  const data = objectOf(error, 'data')
  const message = textOf(data, 'message') ?? textOf(error, 'message') ?? ''
  // Errors inside a stream reach the CLI without a status; it then prints the provider's JSON as the message.
  const answer = providerError(textOf(data, 'responseBody')) ?? providerError(message)
  const retryable = memberOf(data, 'isRetryable')
  return {
    line,
    name: bounded(textOf(error, 'name') ?? '(no name)', 200),
    message: bounded(message, maxMessageChars),
    status: numberOf(data, 'statusCode'),
    retryable: typeof retryable === 'boolean' ? retryable : null,
    providerType: textOf(answer, 'type'),
    providerCode: textOf(answer, 'code'),
    ref: textOf(data, 'ref'),
    retryAfterMs: retryAfter(objectOf(data, 'responseHeaders')),
  }
}

/** The `error` object of a provider's answer, in the shapes of Anthropic and OpenAI. */
function providerError(body: string | null): JsonObject | null {
  if (body === null || body.length > maxBodyChars || !/^\s*\{/.test(body)) return null
  const value = parseJson(body)
  return isJsonObject(value) ? (objectOf(value, 'error') ?? value) : null
}

function retryAfter(headers: JsonObject | null): number | null {
  const ms = Number(textOf(headers, 'retry-after-ms') ?? Number.NaN)
  if (Number.isFinite(ms) && ms >= 0) return ms
  const seconds = Number(textOf(headers, 'retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null
}
