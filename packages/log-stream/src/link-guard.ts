import type { Alarm } from './alarm.ts'
import { askForNewest, readNewest } from './ask-for-newest.ts'
import type { ConnectionContext } from './connection-context.ts'
import type { RequestPlan } from './tracker.ts'

/** Why a working connection is left. */
export type LeaveReason = 'finished' | 'reread' | 'renew' | 'stalled' | 'hidden' | 'container-ended'

/** One connection, as the guard sees it. */
export interface Link {
  plan: RequestPlan
  openedAt: number
  lastByteAt: number
  /** What arrived since the newest line was last requested. */
  bytes: number
  /** Whether the server's headers have arrived. */
  opened: boolean
  /** Whether we are busy ourselves, so that silence says nothing about the server. */
  busy: boolean
  alarm: Alarm
  /** Fires when the connection ends. */
  over: AbortSignal
  leave(why: LeaveReason): void
  cut(message: string): void
}

// After its container's end the kubelet checks once a second and then ends the body
// (docs/kubernetes-facts.md#the-end-of-a-log-stream).
const endedSilenceMs = 2_000
// Lines whose position is unknown wait this long for the next byte before they count as new.
const undecidedMs = 2_000
// On a busy node, a line reported as the newest may still be on its way.
const longestLateMs = 2_000
// A follower is stuck in a renamed file only where a file grew enough to be rotated: after that much output, silence is
// checked soon, however patient the caller is.
export const rotatableBytes = 1_048_576
const suspiciousSilenceMs = 30_000

/** Watches one connection for silence until it ends: probes, leaves or cuts it when one is too long. */
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
    // With the end record in hand there is nothing to wait for; whether it is the last is checked afterwards.
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
      // The connection may also be silent in the middle of a repetition; a probe detects that.
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

/** Requests the newest line, which shows whether a silent connection still works. */
async function probe(context: ConnectionContext, link: Link, lateMs: number): Promise<'alive' | 'stalled' | 'hidden'> {
  const quietSince = link.lastByteAt
  // Something arrived in the meantime: whatever the probe found, this connection is alive.
  const isAlive = (): boolean => link.over.aborted || link.lastByteAt !== quietSince
  const found = await askForNewest(context, link.over)
  if (isAlive()) return 'alive'
  // If no connection can be made, this one is dead too, or a new one will show at no cost that it was not. An error
  // response says nothing: when the kubelet is away, the API server ends the connection on its own.
  if (found === 'unreachable') return 'stalled'
  if (found !== 'newer' && found !== 'hidden') return 'alive'
  // Leaving a connection that is only late loses the position in plain output if the log is rotated just then.
  const until = context.options.clock.now() + lateMs
  for (let left = lateMs; left > 0 && !isAlive(); left = until - context.options.clock.now()) {
    await link.alarm.sleep(left, link.over)
  }
  if (isAlive()) return 'alive'
  return found === 'hidden' ? 'hidden' : 'stalled'
}
