import { request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { errorMessage } from '@agent-jobs/primitives'
import type { Credential } from './read-credentials.ts'

/** A call of the agent, read completely so that it can be retried. */
export interface Call {
  method: string
  /** Path and query as the agent wrote them. */
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

/** Where calls go, and how long one may take. */
export interface CallTarget {
  readonly url: URL
  readonly connectMs: number
  readonly answerMs: number
  readonly signal: AbortSignal
}

/** The target was not reached, or did not answer. */
export class ForwardError extends Error {
  /** Whether the target may have seen the call. */
  readonly wasSent: boolean
  constructor(message: string, wasSent: boolean) {
    super(message)
    this.wasSent = wasSent
  }
}

// These are per connection, or are rewritten.
const dropped = /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|expect|content-length)$/

/** Sends a call once; resolves with the head of the response, whose body is then streamed. */
export function forwardCall(target: CallTarget, call: Call, credential: Credential): Promise<IncomingMessage> {
  const { url, connectMs, answerMs, signal } = target
  const path = url.pathname.replace(/\/$/, '') + call.path
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    let wasSent = false
    // A new connection for each call: the reset of a reused one would not tell whether the call was received.
    const options = { method: call.method, path, headers: headersOf(call, credential), signal, agent: false } as const
    const request = send(url, options)
    boundConnecting(request, connectMs, () => (wasSent = true))
    request.setTimeout(answerMs, () => request.destroy(new Error(`no answer within ${answerMs} ms`)))
    request.on('error', (error) => reject(new ForwardError(errorMessage(error), wasSent)))
    request.once('response', resolve)
    request.end(call.body)
  })
}

function headersOf(call: Call, credential: Credential): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(call.headers)) {
    if (value !== undefined && !dropped.test(name)) headers[name] = value
  }
  Object.assign(headers, credential)
  if (call.body.length > 0 || !/^(GET|HEAD|OPTIONS|DELETE)$/.test(call.method)) {
    headers['content-length'] = String(call.body.length)
  }
  return headers
}

function boundConnecting(request: ClientRequest, ms: number, onConnect: () => void): void {
  const timer = setTimeout(() => request.destroy(new Error(`no connection within ${ms} ms`)), ms)
  request.once('close', () => clearTimeout(timer))
  request.once('socket', (socket) => {
    socket.once('connect', () => {
      clearTimeout(timer)
      onConnect()
    })
  })
}
