import { type BackoffOptions, type Clock, backoffMs } from '@agent-jobs/primitives'

import { KubeError } from './kube-error.ts'

/** How often and how long short calls are retried. */
export interface RetryOptions extends Omit<BackoffOptions, 'random'> {
  /** Maximum number of attempts, including the first. 1 disables retries. */
  readonly attempts: number
  /** If a server asks for a longer pause than this, the call fails, and the error says how long it asked for. */
  readonly maxRetryAfterMs: number
}

/** Whether sending a request twice has the same effect as sending it once. */
export type Repeatable = 'always' | 'when-not-applied'

/** The default retry settings of a client. */
export const defaultRetry: RetryOptions = { attempts: 5, baseMs: 200, maxMs: 5_000, maxRetryAfterMs: 30_000 }

function mayRepeat(error: KubeError, repeatable: Repeatable): boolean {
  if (!error.retryable) return false
  // A 429 is sent before anything is done. Any other response may hide a write that happened.
  return repeatable === 'always' || error.code === 'too_many_requests' || !error.maybeApplied
}

/** Calls until it succeeds, fails permanently, runs out of attempts, or the signal is aborted. */
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
