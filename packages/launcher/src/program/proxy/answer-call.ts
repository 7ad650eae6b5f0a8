import type { IncomingMessage } from 'node:http'
import { forwardCall, ForwardError } from './forward-call.ts'
import type { Call } from './forward-call.ts'
import { readCredentials } from './read-credentials.ts'
import type { Credential } from './read-credentials.ts'

/** What a call is answered with. */
export interface AnswerOptions {
  target: URL
  tokenFile: string
  /** How long a call is held while the target is away. */
  holdMs: number
  /** How long a refused call waits for other credentials. */
  refreshMs: number
  signal: AbortSignal
}

// RFC 9110, 9.2.2: to send these twice is to send them once.
const idempotent = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/
const away = new Set([502, 503, 504])
/** Refused, so not carried out: 401 unknown token, 409 the run no longer owns the issue, 422 token of another run. */
const refused = new Set([401, 409, 422])
const firstWaitMs = 200
const maxWaitMs = 2000

/**
 * Gets an answer to a call, holding it while the target is away or the run changes hands. It is repeated only where that is safe: it never
 * reached the target, it is idempotent (by method or with an Idempotency-Key), or it was refused for its credentials.
 */
export async function answerCall(call: Call, options: AnswerOptions): Promise<IncomingMessage> {
  const { target, tokenFile, holdMs, signal } = options
  const repeatable = idempotent.test(call.method) || call.headers['idempotency-key'] !== undefined
  const deadline = performance.now() + holdMs
  for (let wait = firstWaitMs; ; wait = Math.min(wait * 2, maxWaitMs)) {
    const isLast = performance.now() + wait > deadline
    try {
      const answer = await answerWithAny(call, options)
      if (isLast || !repeatable || !away.has(answer.statusCode ?? 0)) return answer
      answer.resume()
    } catch (error) {
      const canRepeat = error instanceof ForwardError && (repeatable || !error.wasSent)
      if (signal.aborted || isLast || !canRepeat) throw error
    }
    await pause(wait * (0.5 + Math.random() / 2), signal)
  }

  async function answerWithAny(asked: Call, { refreshMs }: AnswerOptions): Promise<IncomingMessage> {
    let known = await readCredentials(tokenFile)
    if (known.isHeld) throw new ForwardError('the run is changing hands and has no credentials yet', false)
    const refreshBy = performance.now() + refreshMs
    for (;;) {
      const answer = await tryEach(asked, known.list)
      if (!refused.has(answer.statusCode ?? 0)) return answer
      // The watcher of the run may be about to write new ones. A file on a shared volume gives no events.
      let fresh = known
      while ((fresh.text === known.text || fresh.isHeld) && performance.now() < refreshBy) {
        await pause(250, signal)
        fresh = await readCredentials(tokenFile)
      }
      if (fresh.text === known.text || fresh.isHeld) return answer
      known = fresh
      answer.resume()
    }
  }

  async function tryEach(asked: Call, list: Credential[]): Promise<IncomingMessage> {
    const [first = {}, ...others] = list
    let answer = await forwardCall(target, asked, first, signal)
    for (const other of others) {
      if (!refused.has(answer.statusCode ?? 0)) break
      answer.resume()
      answer = await forwardCall(target, asked, other, signal)
    }
    return answer
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer)
      reject(new Error('the caller went away'))
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}
