import { Alarm } from './alarm.ts'
import { readNewest } from './ask-for-newest.ts'
import type { ConnectionContext } from './connection-context.ts'
import { judgeResponse, type ResponseJudgement } from './judge-response.ts'
import { guardLink, rotatableBytes, type LeaveReason, type Link } from './link-guard.ts'
import { LogStreamError } from './log-stream-error.ts'
import { readBody } from './read-body.ts'
import type { RequestPlan, Step } from './tracker.ts'

/** How one connection ended. */
export type ConnectionEnd =
  /** The body ended cleanly, which proves nothing. `words` is the server's error message, if it wrote one. */
  | { kind: 'eof'; words: string }
  /** The connection broke, or could not be made. */
  | { kind: 'cut'; error: unknown }
  /** The last read ended cleanly, but before the end of the log, as far as can be determined. */
  | { kind: 'unproved' }
  /** The server answered, but not with a log. */
  | { kind: 'answer'; judgement: ResponseJudgement; status: number }
  /** We closed it: the end record arrived, the file must be read from its start, the connection is due for renewal, … */
  | { kind: 'left'; why: LeaveReason }

/** Makes one request and reads the response until it ends, in whatever way. */
export async function readConnection(context: ConnectionContext, plan: RequestPlan): Promise<ConnectionEnd> {
  const { source, options, tracker } = context
  const { clock } = options
  const request = new AbortController()
  const over = new AbortController()
  const forward = (): void => request.abort(options.signal.reason)
  options.signal.addEventListener('abort', forward, { once: true })
  let left: LeaveReason | undefined
  const now = clock.now()
  const link: Link = {
    plan,
    openedAt: now,
    lastByteAt: now,
    bytes: 0,
    opened: false,
    busy: false,
    alarm: new Alarm(clock),
    over: over.signal,
    leave(why) {
      left ??= why
      request.abort(new Error(`log-stream leaves this connection: ${why}`))
    },
    cut: (message) => request.abort(new Error(message)),
  }
  context.onAlarm(link.alarm)
  const guarding = guardLink(context, link)
  try {
    const response = await source.open({ ...tracker.begin(plan), follow: plan.follow, signal: request.signal })
    link.opened = true
    link.lastByteAt = clock.now()
    link.alarm.wake()
    if (response.status !== 200) {
      const body = (await readBody(response.body)).toString('utf8')
      const judgement = judgeResponse({ status: response.status, headers: response.headers, body })
      return { kind: 'answer', judgement, status: response.status }
    }
    for await (const chunk of response.body ?? []) {
      link.lastByteAt = clock.now()
      const mayRotate = link.bytes >= rotatableBytes
      link.bytes += chunk.length
      // The guard sleeps for as long as a little output may be silent.
      if (!mayRotate && link.bytes >= rotatableBytes) link.alarm.wake()
      link.busy = true
      const pushed = tracker.push(chunk)
      const step: Step = typeof pushed === 'string' ? pushed : await pushed
      if (step === 'finished' || step === 'reread') {
        left ??= step
        break
      }
      await context.room()
      link.busy = false
      if (tracker.undecided) link.alarm.wake()
    }
    options.signal.throwIfAborted()
    if (left !== undefined) return { kind: 'left', why: left }
    const last = plan.last !== false
    if (plan.last !== 'take' && tracker.needsProof({ last })) {
      // Only a second read can tell the end of the log from a clean end before it.
      const newest = await readNewest(context, options.signal)
      const hasRead = typeof newest !== 'string' && tracker.hasRead(newest, { last })
      if (hasRead && !last) tracker.quiet()
      if (!hasRead && last) return { kind: 'unproved' }
    }
    return { kind: 'eof', words: await tracker.endBody({ last }) }
  } catch (error) {
    options.signal.throwIfAborted()
    // Our own errors are about the output, not about this connection: a new one would run into them again.
    if (LogStreamError.isInstance(error)) throw error
    if (left !== undefined) return { kind: 'left', why: left }
    return { kind: 'cut', error }
  } finally {
    over.abort()
    request.abort(new Error('log-stream is done with this connection'))
    options.signal.removeEventListener('abort', forward)
    context.onAlarm(undefined)
    await guarding
  }
}
