import type { FrameFlag, StopCause } from '@agent-jobs/frames'
import type { LaunchSpec } from '../launch-spec.ts'
import { createFinishWatch } from './finish-watch.ts'
import { createQuietTimer } from './quiet-timer.ts'

/** Enforces the limits of one run. */
export interface LimitWatch {
  /** The command wrote something on either stream. */
  touched(): void
  /** One payload of standard output. */
  stdout(payload: Buffer, flag: FrameFlag): void
  /** The command has finished its work, by a signal or by the rule. */
  finished(by: string): void
  stop(): void
}

interface Options {
  spec: LaunchSpec
  /** Bytes that the command wrote and that are not read yet. */
  unread(): number
  noted(message: string): void
  exceeded(reason: StopCause, message: string): void
}

/** Starts watching. */
export function watchLimits({ spec, unread, noted, exceeded }: Options): LimitWatch {
  const { totalMs, idleMs, hangAfterFinishMs } = spec.limits ?? {}
  const watch = createFinishWatch(spec.finish)
  let wasFinished = false
  let isLooping = false
  let isNoted = false
  let lastUnread = 0

  const idle = createQuietTimer(idleMs, () => {
    // Nothing is read while our own stdout is stuck; then growth of the unread bytes counts as output.
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

  function look(by: string): void {
    if (watch.finished === wasFinished) return
    wasFinished = watch.finished
    if (!wasFinished) return hang.stop()
    hang.start()
    if (!isNoted) noted(`The command has finished its work (${by}).`)
    isNoted = true
  }

  return {
    touched: idle.touch,
    finished(by) {
      watch.done()
      look(by)
    },
    stdout(payload, flag) {
      hang.touch()
      watch.stdout(payload, flag)
      look('finish rule')
      if (!watch.looping || isLooping) return
      isLooping = true
      const message = `${spec.finish?.loop?.maxSteps} steps in a row made no progress (finish.loop.maxSteps)`
      exceeded('loop_limit', `${message}: the command is being stopped.`)
    },
    stop() {
      clearTimeout(total)
      idle.stop()
      hang.stop()
    },
  }
}
