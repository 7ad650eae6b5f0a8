import type { Clock } from './clock.ts'

/** A signal that ends with any of its parents, with its own `abort`, or when the scope is left. */
export interface AbortScope extends Disposable {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

/**
 * Opens a scope below signals. Unlike `AbortSignal.any` it leaves nothing behind on a parent that lives as long as the
 * process: leaving the scope takes its listeners away.
 */
export function openAbortScope(...parents: readonly (AbortSignal | undefined)[]): AbortScope {
  const controller = new AbortController()
  const listening: (() => void)[] = []
  const abort = (reason?: unknown) => {
    for (const stop of listening.splice(0)) stop()
    controller.abort(reason)
  }
  for (const parent of parents) {
    if (!parent) continue
    if (parent.aborted) {
      abort(parent.reason)
      break
    }
    const follow = () => abort(parent.reason)
    parent.addEventListener('abort', follow, { once: true })
    listening.push(() => parent.removeEventListener('abort', follow))
  }
  return { signal: controller.signal, abort, [Symbol.dispose]: () => abort() }
}

/** Waits for work that knows no signal, and no longer than until the signal fires. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Runs `work` and aborts the scope with `reason()` when it has not settled after `ms` milliseconds. */
export async function withDeadline<T>(
  { clock, ms, reason, scope }: { clock: Clock; ms: number; reason: () => Error; scope: AbortScope },
  work: () => Promise<T>,
): Promise<T> {
  const timerScope = openAbortScope(scope.signal)
  const timer = clock.sleep(ms, timerScope.signal).then(
    () => scope.abort(reason()),
    // Called off, because the work settled or the scope ended first.
    () => undefined,
  )
  try {
    return await work()
  } finally {
    timerScope.abort()
    await timer
  }
}
