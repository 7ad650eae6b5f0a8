import type { Alarm } from './alarm.ts'
import { askForNewest, readNewest } from './ask-for-newest.ts'
import type { ConnectionContext } from './connection.ts'
import type { RequestPlan } from './tracker.ts'

/** Why a connection is left although it still works. */
export type LeaveReason = 'finished' | 'reread' | 'renew' | 'stalled' | 'hidden' | 'container-ended'

/** One connection, as the guard sees it. */
export interface Link {
  plan: RequestPlan
  openedAt: number
  lastByteAt: number
  /** What came since the newest line was asked for last. */
  bytes: number
  /** Whether the server's headers came. */
  opened: boolean
  /** Whether we are at work ourselves, so that silence says nothing about the server. */
  busy: boolean
  alarm: Alarm
  /** Fires when the connection is over. */
  over: AbortSignal
  leave(why: LeaveReason): void
  cut(message: string): void
}

// After its container's end the kubelet looks once a second and then ends the body
// (docs/kubernetes-facts.md#the-end-of-a-log-stream).
const endedSilenceMs = 2_000
// Lines whose place is not known wait this long for the next byte before they are taken for new.
const undecidedMs = 2_000
// A line that the newest-line question has found may still be on its way on a busy node.
const longestLateMs = 2_000
// A follower is stuck in a renamed file only where a file grew enough to be rotated: after so much output silence is looked
// into soon, however patient the caller is.
export const rotatableBytes = 1_048_576
const suspiciousSilenceMs = 30_000

/** Watches one connection's silences until it is over: asks, leaves or cuts when one is too long. */
export async function guardLink(context: ConnectionContext, link: Link): Promise<void> {
  const { options, tracker } = context
  const { clock } = options
  // Followers that started together must not renew together.
  const renewAt = link.openedAt + options.renewMs * (1 - options.random() * 0.05)
  const lateMs = Math.min(longestLateMs, options.silenceMs / 2)
  const silenceMs = (): number =>
    link.bytes < rotatableBytes ? options.silenceMs : Math.min(options.silenceMs, suspiciousSilenceMs)
  let lastProbeAt = link.openedAt - lateMs
  let decideAgainAt = 0
  while (!link.over.aborted) {
    const quietSince = link.busy ? clock.now() : link.lastByteAt
    const endedAt = context.endedAt()
    const answerBy = quietSince + options.requestTimeoutMs
    // With the end record in hand there is nothing to wait for; whether it is the last is asked afterwards.
    const silenceAfterEnd = tracker.ending() === 'missing' ? endedSilenceMs : 0
    const leaveAt = endedAt === undefined ? Infinity : Math.max(quietSince, endedAt) + silenceAfterEnd
    const decideAt = tracker.undecided ? Math.max(quietSince + undecidedMs, decideAgainAt) : Infinity
    const probeAt = Math.max(quietSince - lateMs, lastProbeAt) + silenceMs()
    const next = !link.opened || !link.plan.follow ? answerBy : Math.min(renewAt, leaveAt, decideAt, probeAt)
    const wait = next - clock.now()
    if (wait > 0) {
      await link.alarm.sleep(wait, link.over)
      continue
    }
    if (!link.opened || !link.plan.follow) link.cut(`the log server was silent for ${options.requestTimeoutMs} ms`)
    else if (next === renewAt) link.leave('renew')
    else if (next === leaveAt) link.leave('container-ended')
    else if (next === decideAt) {
      const newest = await readNewest(context, link.over)
      if (link.over.aborted || link.lastByteAt > quietSince) continue
      decideAgainAt = clock.now() + options.silenceMs
      // The connection may also be silent in the middle of what is sent again; a probe finds that out.
      if (typeof newest !== 'string' && tracker.hasRead(newest, { last: false })) tracker.quiet()
      continue
    } else {
      lastProbeAt = clock.now()
      link.bytes = 0
      const found = await probe(context, link, lateMs)
      if (found === 'alive') continue
      link.leave(found)
    }
    return
  }
}

/** Asks for the newest line, which tells whether a silent connection still serves. */
async function probe(context: ConnectionContext, link: Link, lateMs: number): Promise<'alive' | 'stalled' | 'hidden'> {
  const quietSince = link.lastByteAt
  // Something came meanwhile: whatever the probe found, this connection is alive.
  const isAlive = (): boolean => link.over.aborted || link.lastByteAt !== quietSince
  const found = await askForNewest(context, link.over)
  if (isAlive()) return 'alive'
  // Where no connection can be made this one is as dead, or a new one will show at no cost that it was not. An error
  // answer says nothing: when the kubelet is away, the API server ends the connection by itself.
  if (found === 'unreachable') return 'stalled'
  if (found !== 'newer' && found !== 'hidden') return 'alive'
  // To leave a connection that is only late costs plain output its place when the log is rotated just then.
  const until = context.options.clock.now() + lateMs
  for (let left = lateMs; left > 0 && !isAlive(); left = until - context.options.clock.now()) {
    await link.alarm.sleep(left, link.over)
  }
  if (isAlive()) return 'alive'
  return found === 'hidden' ? 'hidden' : 'stalled'
}
