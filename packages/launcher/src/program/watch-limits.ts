import type { FrameFlag } from '../frame.ts'
import type { LaunchSpec } from '../launch-spec.ts'
import type { StoppedBy } from '../launcher-record.ts'
import { createLineMatcher } from './match-lines.ts'
import { createQuietTimer } from './quiet-timer.ts'

/** Watches the bounds of one run. */
export interface LimitWatch {
  /** The command wrote something on either stream. */
  touched(): void
  /** One payload of standard output. */
  stdout(payload: Buffer, flag: FrameFlag): void
  /** The command has finished its work: said by a signal or by the rule. */
  finished(by: string): void
  stop(): void
}

interface Options {
  spec: LaunchSpec
  /** Bytes that the command wrote and that are not read yet. */
  unread(): number
  noted(message: string): void
  exceeded(reason: StoppedBy, message: string): void
}

/** Starts to watch. */
export function watchLimits({ spec, unread, noted, exceeded }: Options): LimitWatch {
  const { totalMs, idleMs, hangAfterFinishMs } = spec.limits ?? {}
  const { stdoutLineIncludes, heldFrom, heldUntil } = spec.finish ?? {}
  const finishes = createLineMatcher(stdoutLineIncludes)
  const holds = createLineMatcher(heldFrom)
  const releases = createLineMatcher(heldUntil)
  let isFinished = false
  let isHeld = false
  let lastUnread = 0

  const idle = createQuietTimer(idleMs, () => {
    // While our own stdout is stuck nothing is read; then growth of what is unread counts as output.
    const now = unread()
    if (now > lastUnread) {
      lastUnread = now
      idle.start()
    } else {
      exceeded('idle_limit', `No output for ${idleMs} ms (limits.idleMs): the command is being stopped.`)
    }
  })
  const hang = createQuietTimer(hangAfterFinishMs, () => {
    const message = `The command finished its work but was still running ${hangAfterFinishMs} ms later`
    exceeded('hang_after_finish', `${message} (limits.hangAfterFinishMs): it is being stopped.`)
  })
  const total =
    totalMs === undefined
      ? undefined
      : setTimeout(() => {
          exceeded('total_limit', `The command ran for ${totalMs} ms (limits.totalMs): it is being stopped.`)
        }, totalMs)
  idle.start()

  function finished(by: string): void {
    if (!isFinished) noted(`The command has finished its work (${by}).`)
    isFinished = true
    if (!isHeld) hang.start()
  }

  return {
    touched: idle.touch,
    finished,
    stdout(payload, flag) {
      hang.touch()
      if (holds(payload, flag)) {
        isHeld = true
        hang.stop()
      }
      if (releases(payload, flag)) {
        isHeld = false
        if (isFinished) hang.start()
      }
      if (finishes(payload, flag)) finished('finish rule')
    },
    stop() {
      clearTimeout(total)
      idle.stop()
      hang.stop()
    },
  }
}
