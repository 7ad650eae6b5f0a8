import { type Clock } from '@agent-jobs/primitives'
import { callWithRetry, type Repeatable, type RetryOptions } from './call-with-retry.ts'

import { KubeError, type KubeObjectRef } from './kube-error.ts'
import { reviveDates, type DateFields } from './date-fields.ts'
import { queryString, type Query } from './query-string.ts'
import { parseStatus, statusError } from './status-error.ts'
import type { Transport } from './transport.ts'
import type { WireAnswer } from './wire.ts'

/** One short call. */
export interface UnaryRequest {
  readonly method: string
  readonly path: string
  readonly query?: Query | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  readonly object?: KubeObjectRef | undefined
  readonly dates?: DateFields | undefined
  /** The format of the response body. Default `json`. */
  readonly answer?: 'json' | 'text' | undefined
  readonly repeatable: Repeatable
  /** Statuses that mean success once an earlier attempt may have been applied: the 404 of a repeated delete. */
  readonly doneWhenRepeated?: readonly number[] | undefined
}

/** The calls with a single response. */
export interface UnaryCalls {
  call(request: UnaryRequest): Promise<unknown>
}

/** What those calls need. */
export interface UnaryOptions {
  readonly transport: Transport
  readonly clock: Clock
  readonly random: () => number
  readonly retry: RetryOptions
  readonly requestTimeoutMs: number
}

function parseAnswer(request: UnaryRequest, answer: WireAnswer): unknown {
  if (request.answer === 'text') return answer.text
  if (answer.text === '') return undefined
  try {
    const value: unknown = JSON.parse(answer.text)
    if (request.dates) reviveDates(request.dates, value)
    return value
  } catch (cause) {
    throw new KubeError({
      code: 'bad_response',
      status: answer.status,
      message: `${request.method} ${request.path} answered ${answer.status} with a body that is not JSON (${answer.text.length} characters). Check that the address is an API server and not a proxy's login page; a path that answers in plain text is read with \`answer: 'text'\`.`,
      retryable: true,
      maybeApplied: request.method !== 'GET',
      object: request.object,
      body: answer.text.slice(0, 500),
      cause,
    })
  }
}

/** Short calls with deadlines, typed errors and careful retries. */
export function createUnaryCalls({ transport, clock, random, retry, requestTimeoutMs }: UnaryOptions): UnaryCalls {
  return {
    async call(request) {
      const { method, signal, repeatable, object } = request
      const path = request.path + queryString(request.query ?? {})
      const body = request.body === undefined ? undefined : JSON.stringify(request.body)
      const timeoutMs = request.timeoutMs ?? requestTimeoutMs
      let perhapsDone = false
      return await callWithRetry(
        async () => {
          try {
            const headers = request.answer === 'text' ? { accept: '*/*', ...request.headers } : request.headers
            const answer = await transport.send({ method, path, object, body, headers, timeoutMs, signal })
            if (answer.status < 300) return parseAnswer(request, answer)
            if (perhapsDone && request.doneWhenRepeated?.includes(answer.status)) return undefined
            const maybeApplied = method !== 'GET' && (answer.status >= 500 || answer.status === 408)
            throw statusError(
              { method, path, object },
              { status: answer.status, headers: answer.headers, body: parseStatus(answer.text), maybeApplied },
            )
          } catch (error) {
            if (KubeError.isInstance(error) && error.maybeApplied) perhapsDone = true
            throw error
          }
        },
        { retry, repeatable, clock, random, signal },
      )
    },
  }
}
