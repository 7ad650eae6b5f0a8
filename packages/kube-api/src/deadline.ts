import { openAbortScope, type AbortScope, type Clock } from '@agent-jobs/primitives'

/** Runs `work` and aborts the scope with `reason()` when it has not settled after `ms` milliseconds. */
export async function withDeadline<T>(
  { clock, ms, reason, scope }: { clock: Clock; ms: number; reason: () => Error; scope: AbortScope },
  work: () => Promise<T>,
): Promise<T> {
  const timerScope = openAbortScope(scope.signal)
  const timer = clock.sleep(ms, timerScope.signal).then(
    () => scope.abort(reason()),
    // Cancelled, because the work settled or the scope ended first.
    () => undefined,
  )
  try {
    return await work()
  } finally {
    timerScope.abort()
    await timer
  }
}
