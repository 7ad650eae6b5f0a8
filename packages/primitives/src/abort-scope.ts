/** A signal that aborts with any of its parents, with its own `abort`, or when the scope is disposed. */
export interface AbortScope extends Disposable {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

/**
 * Opens a scope below any number of signals. Disposing it removes its listeners, so nothing stays behind on a parent that
 * lives as long as the process; `AbortSignal.any` leaves that to the garbage collector.
 *
 * @example
 * ```ts
 * using scope = openAbortScope(signal)
 * await readAll(scope.signal)
 * ```
 */
export function openAbortScope(...parents: readonly (AbortSignal | undefined)[]): AbortScope {
  const controller = new AbortController()
  const removals: (() => void)[] = []
  const abort = (reason?: unknown): void => {
    for (const remove of removals.splice(0)) remove()
    controller.abort(reason)
  }
  for (const parent of parents) {
    if (parent === undefined) continue
    if (parent.aborted) {
      abort(parent.reason)
      break
    }
    const follow = (): void => abort(parent.reason)
    parent.addEventListener('abort', follow, { once: true })
    removals.push(() => parent.removeEventListener('abort', follow))
  }
  return { signal: controller.signal, abort, [Symbol.dispose]: () => abort() }
}
