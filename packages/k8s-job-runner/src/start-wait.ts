import type { Evidence } from './evidence.ts'
import type { FollowSettings } from './follow-settings.ts'
import type { KubeEvent } from './kubernetes.ts'
import { createObjectEvents } from './object-events.ts'
import type { Outcome } from './outcome.ts'
import type { Phase } from './run-event.ts'
import type { RunnerContext } from './runner-context.ts'
import { judgeStart, type StartProgress } from './start-judgement.ts'

/** What a run that has not started calls for. */
export type StartStep =
  | { step: 'none' }
  | { step: 'wait'; until: number }
  /** `atOnce` when nothing can heal; else the objects are read once more before it counts. */
  | { step: 'fail'; outcome: Outcome; atOnce: boolean }

/** Waits for a run to start: knows since when, and asks for Events where nothing else can say why it does not. */
export interface StartWait {
  consider(): StartStep
}

/** Makes the wait of one run. `signal` ends it. */
export function createStartWait(
  context: RunnerContext,
  o: {
    evidence: Evidence
    settings: FollowSettings
    jobUid: string
    /** How long a run may show no sign of starting before its Events are read. */
    eventsMs: number
    signal: AbortSignal
    enter: (phase: Phase, message: string) => void
    onEvent: (fresh: KubeEvent) => void
  },
): StartWait {
  const { clock } = context
  const { evidence, settings, jobUid, eventsMs, signal, enter, onEvent } = o
  let progress: StartProgress = { since: clock.now() }
  const eventsOf = createObjectEvents(context, signal, (events, fresh) => {
    evidence.events = events
    onEvent(fresh)
  })
  return {
    consider() {
      const { job, pod, events = [] } = evidence
      const judged = judgeStart({ job, pod, events, graces: settings, now: clock.now(), progress })
      if (judged.verdict === 'started') return { step: 'none' }
      progress = judged.progress
      const { cause } = judged
      if (judged.verdict === 'fail') {
        return { step: 'fail', outcome: judged.outcome, atOnce: cause.patience === 'at_once' }
      }
      enter(
        cause.patience === 'never' ? 'queued' : 'pending',
        cause.message === undefined ? cause.words : `${cause.words}: ${cause.message}`,
      )
      const asksAt = cause.askEvents === true ? (progress.cause?.since ?? 0) + eventsMs : Infinity
      if (clock.now() < asksAt) return { step: 'wait', until: Math.min(judged.until, asksAt) }
      eventsOf.about(pod?.metadata?.uid ?? jobUid)
      return { step: 'wait', until: judged.until }
    },
  }
}
