import { openAbortScope } from './abort-scope.ts'

/**
 * Something that happens once and that any number of callers may wait for. A promise keeps a reaction for every race it
 * ever took part in, until it settles; waiting for a latch leaves nothing behind once the wait has ended.
 */
export interface Latch<T> {
  /** Settles every wait, present and future. Only the first call of `open` or `fail` counts. */
  open(value: T): void
  /** Rejects every wait, present and future. Only the first call of `open` or `fail` counts. */
  fail(reason: unknown): void
  /** What happened, as plain data. */
  readonly state: LatchState<T>
  /** Resolves with the value, or rejects with the reason of {@link Latch.fail} or of `signal`. */
  wait(signal?: AbortSignal): Promise<T>
}

/** What has happened to a {@link Latch}. */
export type LatchState<T> =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'open'; readonly value: T }
  | { readonly kind: 'failed'; readonly reason: unknown }

/**
 * Creates a latch.
 *
 * @example
 * ```ts
 * const ended = createLatch<number>()
 * child.once('exit', (code) => ended.open(code ?? 1))
 * await firstOf([(s) => ended.wait(s), (s) => clock.sleep(1_000, s)], signal)
 * ```
 */
export function createLatch<T = void>(): Latch<T> {
  let state: LatchState<T> = { kind: 'waiting' }
  const waiters = new Set<() => void>()
  const settle = (next: LatchState<T>): void => {
    if (state.kind !== 'waiting') return
    state = next
    for (const wake of waiters) wake()
  }
  return {
    open: (value) => settle({ kind: 'open', value }),
    fail: (reason) => settle({ kind: 'failed', reason }),
    get state() {
      return state
    },
    wait: (signal) =>
      new Promise<T>((resolve, reject) => {
        const finish = (): boolean => {
          if (state.kind === 'open') resolve(state.value)
          else if (state.kind === 'failed') reject(state.reason)
          else if (signal?.aborted) reject(signal.reason)
          else return false
          waiters.delete(finish)
          signal?.removeEventListener('abort', finish)
          return true
        }
        if (finish()) return
        waiters.add(finish)
        signal?.addEventListener('abort', finish, { once: true })
      }),
  }
}

/** A wait that ends early when its signal aborts, and then leaves nothing behind. */
export type Wait<T> = (signal: AbortSignal) => Promise<T>

/**
 * Starts several waits and settles like the first that settles; the others are aborted. Use it instead of `Promise.race`,
 * which cannot end the losers. With a `signal`, it rejects with that signal's reason as soon as it aborts.
 *
 * @example
 * ```ts
 * const result = await firstOf([(s) => ended.wait(s), (s) => clock.sleep(5_000, s).then(() => 'late' as const)], signal)
 * ```
 */
export async function firstOf<T>(waits: readonly Wait<T>[], signal?: AbortSignal): Promise<T> {
  // Not `using`: the launcher runs this on Node 18, which has no Symbol.dispose.
  const scope = openAbortScope(signal)
  try {
    const running = waits.map(async (wait) => wait(scope.signal))
    // Every promise here is made for this call, so none outlives it with our reaction on it.
    return await Promise.race([...running, createLatch<never>().wait(scope.signal)])
  } finally {
    scope.abort()
  }
}

/**
 * Waits for work that takes no signal, but no longer than until `signal` aborts; then it rejects with the signal's reason
 * and the work is left to itself. `work` must be a promise made for this call: one reaction stays on it until it settles,
 * so wait for long-lived events with a {@link Latch} instead.
 */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await firstOf([() => work], signal)
}
