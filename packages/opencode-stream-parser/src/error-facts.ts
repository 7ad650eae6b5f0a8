import {
  type AgentErrorCode,
  bounded,
  classifyProviderError,
  endpointOf,
  isAboutConversation,
  type JsonObject,
  memberOf,
  numberOf,
  objectOf,
  type ProviderError,
  readProviderError,
  readRetryTime,
  textOf,
} from '@agent-jobs/stream-parser-core'

/** What is kept of an `error` line. */
export interface ErrorFacts {
  readonly line: number
  readonly name: string
  readonly message: string
  /** HTTP status of the answer, or the one that the answer states. */
  readonly status: number | null
  readonly retryable: boolean | null
  /** The most specific name in the provider's answer: `error.code`, `error.type`, … */
  readonly providerName: string | null
  /** What the provider's answer means; null where it does not say. */
  readonly provider: { readonly code: AgentErrorCode; readonly field: string; readonly value: string | number } | null
  /** The provider refuses the messages of the conversation: it would refuse them in every later run. */
  readonly aboutConversation: boolean
  /** Host and path of the request, without credentials. */
  readonly endpoint: string | null
  /** Names the entry in the CLI's log that has the reason. */
  readonly ref: string | null
  /** When the provider wants to be asked again, in ms after the error; null when it did not say. */
  readonly retryAfterMs: number | null
  /** The same, in ms since 1970. */
  readonly retryNotBeforeMs: number | null
}

const maxMessageChars = 4_000

/** Reads an `error` line. Its `error` is an object; in older versions and from plugins also a text. */
export function readError(value: JsonObject, line: number): ErrorFacts {
  const error = objectOf(value, 'error')
  const data = objectOf(error, 'data')
  const text = textOf(value, 'error')
  const message = textOf(data, 'message') ?? textOf(error, 'message') ?? text ?? ''
  // Errors inside a stream reach the CLI without a status; it then prints the provider's JSON as the message.
  const answers = [readProviderError(memberOf(data, 'responseBody')), readProviderError(message)]
  const answer = joined(answers)
  const headers = objectOf(data, 'responseHeaders')
  const awsType = textOf(headers, 'x-amzn-errortype')?.split(':')[0]
  const named = answer && awsType ? { ...answer, names: [awsType, ...answer.names] } : answer
  const httpStatus = numberOf(data, 'statusCode')
  const verdict = classifyProviderError(named, httpStatus)
  const retryable = memberOf(data, 'isRetryable')
  const retry = readRetryTime({
    headers,
    objects: answer?.objects ?? [],
    messages: answer?.messages ?? [],
    atMs: numberOf(value, 'timestamp'),
  })
  return {
    line,
    name: bounded(textOf(error, 'name') ?? textOf(error, '_tag') ?? (text === null ? '(no name)' : 'Error'), 200),
    message: bounded(messageOf(message, answer), maxMessageChars),
    status: httpStatus ?? answer?.status ?? null,
    retryable: typeof retryable === 'boolean' ? retryable : null,
    providerName: named?.names[0] ?? null,
    provider: verdict && { code: verdict.code, field: fieldOf(verdict.by, httpStatus), value: verdict.value },
    aboutConversation: answers.some(isAboutConversation),
    endpoint: endpointOf(textOf(objectOf(data, 'metadata'), 'url') ?? textOf(data, 'url')),
    ref: textOf(data, 'ref'),
    retryAfterMs: retry?.afterMs ?? null,
    retryNotBeforeMs: retry?.notBeforeMs ?? null,
  }
}

function joined(answers: readonly (ProviderError | null)[]): ProviderError | null {
  const [body, message] = answers
  if (!body || !message) return body ?? message ?? null
  return {
    names: [...body.names, ...message.names],
    status: body.status ?? message.status,
    messages: [...body.messages, ...message.messages],
    objects: [...body.objects, ...message.objects],
    param: body.param ?? message.param,
  }
}

/** A message that is JSON says it better in the sentence inside. */
function messageOf(message: string, answer: ProviderError | null): string {
  const inner = answer?.messages[0]
  return /^\s*[{[]/.test(message) && inner !== undefined ? inner : message
}

function fieldOf(by: 'name' | 'message' | 'status', httpStatus: number | null): string {
  if (by === 'status') return httpStatus === null ? 'error.data.responseBody status' : 'error.data.statusCode'
  return by === 'name' ? 'error.data.responseBody error' : 'error.data.message'
}
