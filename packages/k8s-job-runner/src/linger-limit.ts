import type { EventChannel } from './event-channel.ts'
import type { Evidence } from './evidence.ts'
import type { FollowSettings } from './follow-settings.ts'
import type { RunEvent } from './run-event.ts'
import { errorText, type RunnerContext } from './runner-context.ts'
import { endPod } from './stop-run.ts'

/** The launcher acts on its own rule first; the runner only when that did not help. */
const marginMs = 15_000

/** How long the process of a command may stay whose work is done. */
export interface LingerLimit {
  /** When its pod is to be ended; Infinity while nobody has said that the work is done, and after the pod was ended. */
  readonly due: number
  /** The work is done. A second call does nothing. */
  begin(): void
  /** More work has begun. */
  takeBack(): void
  /** Ends the pod. Where that fails it is due again. */
  end(): Promise<void>
}

/** Makes the limit of one run; `signal` ends its requests. */
export function createLingerLimit(
  context: RunnerContext,
  o: { evidence: Evidence; settings: FollowSettings; channel: EventChannel<RunEvent>; signal: AbortSignal },
): LingerLimit {
  const { clock } = context
  const { evidence, settings, channel, signal } = o
  let due = Infinity
  return {
    get due() {
      return due
    },
    begin() {
      if (due !== Infinity || evidence.stoppedAfterFinish === true) return
      due = clock.now() + settings.hangAfterFinishMs + marginMs
    },
    takeBack() {
      if (evidence.stoppedAfterFinish !== true) due = Infinity
    },
    async end() {
      due = Infinity
      evidence.stoppedAfterFinish = true
      try {
        await endPod(context, evidence.pod, settings.graceSeconds, signal)
      } catch (error) {
        if (signal.aborted) return
        const message = `The pod that lingers after its work could not be ended: ${errorText(error)}`
        channel.push({ type: 'warning', code: 'not_ended', message, at: clock.now() })
        due = clock.now() + marginMs
      }
    },
  }
}
