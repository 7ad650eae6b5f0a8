import type { IncomingMessage } from 'node:http'
import { backoffMs, type Clock } from '@agent-jobs/primitives'
import { forwardCall, ForwardError } from './forward-call.ts'
import type { Call, CallTarget } from './forward-call.ts'
import type { ProxyTimings } from './proxy-timings.ts'
import { readCredentials } from './read-credentials.ts'
import type { Credential } from './read-credentials.ts'
import { saysAway, saysRefused, type TargetState } from './target-state.ts'

/** The response to a call. */
export interface AnswerOptions {
  url: URL
  tokenFile: string
  /** How long a call is held while the target is away. */
  holdMs: number
  /** How long a refused call waits for other credentials. */
  refreshMs: number
  state: TargetState
  timings: ProxyTimings
  clock: Clock
  signal: AbortSignal
}

// RFC 9110, 9.2.2: sending these twice has the same effect as once.
const idempotent = /^(GET|HEAD|OPTIONS|PUT|DELETE)$/

/**
 * Gets a response to a call. It is held while a target that was there is away, or while the run changes hands, and
 * retried only where that is safe: it never reached the target, it is idempotent (by method or with an Idempotency-Key),
 * it was refused for its credentials, or a check shows that the target is away.
 */
export async function answerCall(call: Call, options: AnswerOptions): Promise<IncomingMessage> {
  const { holdMs, state, timings, clock, signal } = options
  const isRepeatable = idempotent.test(call.method) || call.headers['idempotency-key'] !== undefined
  const deadline = clock.now() + holdMs
  for (let attempt = 0; ; attempt += 1) {
    const wait = backoffMs(attempt, timings.retry)
    const isLast = clock.now() + wait > deadline
    try {
      const answer = await answerWithAny(call, options)
      if (!saysAway(answer.statusCode) || isLast || !state.wasThere) return answer
      if (!isRepeatable && !(await isAway(options))) return answer
      answer.destroy()
    } catch (error) {
      if (signal.aborted || isLast || !(error instanceof ForwardError)) throw error
      state.lost()
      if (!state.wasThere && !(error instanceof HeldError)) throw error
      if (error.wasSent && !isRepeatable && !(await isAway(options))) throw error
    }
    await clock.sleep(wait, signal)
  }
}

/** The run has no credentials for now. Nothing was sent. */
class HeldError extends ForwardError {
  constructor() {
    super('the run is changing hands and has no credentials yet', false)
  }
}

/** Tries the credentials of the file, and waits for others if these may have become invalid. */
async function answerWithAny(call: Call, options: AnswerOptions): Promise<IncomingMessage> {
  const { tokenFile, refreshMs, state, timings, clock, signal } = options
  let known = await readCredentials(tokenFile)
  if (known.isHeld) throw new HeldError()
  const refreshBy = clock.now() + refreshMs
  for (;;) {
    const answer = await tryEach(call, known.list, options)
    state.answered(answer.statusCode, known.text)
    if (!saysRefused(answer.statusCode)) return answer
    let fresh = await readCredentials(tokenFile)
    if (fresh.text === known.text && !state.shouldWait(answer.statusCode, known.text)) return answer
    while ((fresh.text === known.text || fresh.isHeld) && clock.now() < refreshBy) {
      await clock.sleep(timings.lookMs, signal)
      fresh = await readCredentials(tokenFile)
    }
    if (fresh.text === known.text || fresh.isHeld) return answer
    known = fresh
    answer.destroy()
  }
}

async function tryEach(call: Call, list: readonly Credential[], options: AnswerOptions): Promise<IncomingMessage> {
  const target = targetOf(options)
  const [first = {}, ...others] = list
  let answer = await forwardCall(target, call, first)
  for (const other of others) {
    if (!saysRefused(answer.statusCode)) break
    answer.destroy()
    answer = await forwardCall(target, call, other)
  }
  return answer
}

/** Checks the target without credentials: a call that may have been carried out is retried only when it is away. */
async function isAway(options: AnswerOptions): Promise<boolean> {
  return (await lookAt(options)) !== null
}

/** Checks the target; returns the reason when it is away, null when it is there. */
export async function lookAt(options: AnswerOptions): Promise<string | null> {
  const { firstConnectMs } = options.timings
  const head: Call = { method: 'HEAD', path: '/', headers: {}, body: Buffer.alloc(0) }
  try {
    const target = { ...targetOf(options), connectMs: firstConnectMs, answerMs: firstConnectMs }
    const answer = await forwardCall(target, head, {})
    answer.destroy()
    return saysAway(answer.statusCode) ? `it answers ${answer.statusCode}` : null
  } catch (error) {
    if (error instanceof ForwardError) return error.message
    throw error
  }
}

function targetOf({ url, state, timings, signal }: AnswerOptions): CallTarget {
  const { connectMs, firstConnectMs, answerMs } = timings
  return { url, connectMs: state.wasThere ? connectMs : firstConnectMs, answerMs, signal }
}
