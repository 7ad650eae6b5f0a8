import { type BackoffOptions, type Clock, backoffMs } from '@agent-jobs/primitives'

import { KubeError } from './kube-error.ts'

/** How often and how long short calls are repeated. */
export interface RetryOptions extends Omit<BackoffOptions, 'random'> {
  /** Sends at most, the first one included. 1 turns repeating off. */
  readonly attempts: number
  /** A server that asks for a longer pause than this is not waited for: the error says how long it asked. */
  readonly maxRetryAfterMs: number
}

/** Whether sending a request twice does the same as sending it once. */
export type Repeatable = 'always' | 'when-not-applied'

/** How calls are repeated unless the client is told otherwise. */
export const defaultRetry: RetryOptions = { attempts: 5, baseMs: 200, maxMs: 5_000, maxRetryAfterMs: 30_000 }

function mayRepeat(error: KubeError, repeatable: Repeatable): boolean {
  if (!error.retryable) return false
  // 429 is said before anything is done. Any other answer may hide a write that happened.
  return repeatable === 'always' || error.code === 'too_many_requests' || !error.maybeApplied
}

/** Calls until it succeeds, fails for good, has been tried often enough, or the signal is aborted. */
export async function callWithRetry<T>(
  call: (attempt: number) => Promise<T>,
  o: {
    retry: RetryOptions
    repeatable: Repeatable
    clock: Clock
    random: () => number
    signal?: AbortSignal | undefined
  },
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call(attempt)
    } catch (error) {
      if (!KubeError.isInstance(error) || !mayRepeat(error, o.repeatable)) throw error
      const asked = error.retryAfterMs ?? 0
      if (attempt + 1 >= o.retry.attempts || asked > o.retry.maxRetryAfterMs) throw error
      await o.clock.sleep(backoffMs(attempt, { ...o.retry, random: o.random }, asked), o.signal)
    }
  }
}
