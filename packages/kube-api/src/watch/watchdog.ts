import type { AbortScope, Clock } from '@agent-jobs/primitives'

/** Why a watch was replaced although its connection is open. */
export class Interruption extends Error {
  override readonly name = 'Interruption'
  readonly why: 'silent' | 'relist due'
  constructor(why: 'silent' | 'relist due') {
    super(`This watch was interrupted: ${why}`)
    this.why = why
  }
}

/** When to interrupt a watch, by the clock. */
export interface Deadlines {
  /** When it has been silent for too long. */
  readonly silenceMs: number
  /** When its time is up, however busy it is. */
  readonly silentAt: number
  /** When a new list is due. */
  readonly relistAt: number
}

/** Watches over one session. */
export interface Watchdog {
  /** A byte has arrived. */
  touch(): void
  readonly ended: Promise<void>
}

/** Aborts the scope with an {@link Interruption} when a deadline passes. `deadlines` is called each time: they move. */
export function startWatchdog(clock: Clock, scope: AbortScope, deadlines: () => Deadlines): Watchdog {
  let lastByteAt = clock.now()
  async function look(): Promise<void> {
    while (!scope.signal.aborted) {
      const { silenceMs, silentAt, relistAt } = deadlines()
      const silentIn = Math.min(lastByteAt + silenceMs, silentAt) - clock.now()
      const relistIn = relistAt - clock.now()
      if (silentIn <= 0) scope.abort(new Interruption('silent'))
      else if (relistIn <= 0) scope.abort(new Interruption('relist due'))
      else await clock.sleep(Math.min(silentIn, relistIn), scope.signal)
    }
  }
  const ended = look().catch((error: unknown) => {
    if (!scope.signal.aborted) scope.abort(error)
  })
  return {
    touch: () => {
      lastByteAt = clock.now()
    },
    ended,
  }
}
