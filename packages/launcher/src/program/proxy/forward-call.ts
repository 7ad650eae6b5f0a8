import { request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Credential } from './read-credentials.ts'

/** A call of the agent, read whole so that it can be repeated. */
export interface Call {
  method: string
  /** Path and query as the agent wrote them. */
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
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

const connectWithinMs = 10_000
const answerWithinMs = 300_000
// These belong to one connection, or are written anew.
const dropped = /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|expect|content-length)$/

/** Sends a call once; resolves with the head of the answer, whose body is then streamed. */
export function forwardCall(
  target: URL,
  call: Call,
  credential: Credential,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(call.headers)) {
    if (value !== undefined && !dropped.test(name)) headers[name] = value
  }
  Object.assign(headers, credential)
  if (call.body.length > 0 || !/^(GET|HEAD|OPTIONS|DELETE)$/.test(call.method)) {
    headers['content-length'] = String(call.body.length)
  }
  const path = target.pathname.replace(/\/$/, '') + call.path
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    let wasSent = false
    // A connection of its own for each call: a reset of a reused one would not say whether the call was seen.
    const request = send(target, { method: call.method, path, headers, signal, agent: false })
    const fail = (error: Error): void => reject(new ForwardError(error.message || error.name, wasSent))
    const connecting = setTimeout(() => {
      request.destroy(new Error(`no connection within ${connectWithinMs} ms`))
    }, connectWithinMs)
    request.once('socket', (socket) => {
      socket.once('connect', () => {
        wasSent = true
        clearTimeout(connecting)
      })
    })
    request.setTimeout(answerWithinMs, () => {
      request.destroy(new Error(`no answer within ${answerWithinMs} ms`))
    })
    request.once('close', () => clearTimeout(connecting))
    request.on('error', fail)
    request.once('response', resolve)
    request.end(call.body)
  })
}
