import { createManualClock } from '@agent-jobs/primitives'
import { describe, expect, it } from 'vitest'
import { callWithRetry, defaultRetry, type Repeatable } from './call-with-retry.ts'
import { KubeError, type KubeErrorInit } from './kube-error.ts'

const unavailable: KubeErrorInit = { code: 'unavailable', message: 'no', retryable: true }

/** Fails as specified, then succeeds; counts the calls. */
async function attempt(failures: readonly (KubeErrorInit | Error)[], repeatable: Repeatable) {
  const clock = createManualClock()
  const left = [...failures]
  let calls = 0
  const running = callWithRetry(
    () => {
      calls += 1
      const failure = left.shift()
      if (failure === undefined) return Promise.resolve('done')
      return Promise.reject(failure instanceof Error ? failure : new KubeError(failure))
    },
    { retry: defaultRetry, repeatable, clock, random: () => 1 },
  ).catch((error: unknown) => (error instanceof KubeError ? error.code : String(error)))
  await clock.advance(3_600_000)
  return { result: await running, calls }
}

describe('a failed call', () => {
  it('is retried until it succeeds', async () => {
    expect(await attempt([unavailable, unavailable], 'when-not-applied')).toMatchObject({ result: 'done', calls: 3 })
  })

  it('is tried five times', async () => {
    const outcome = await attempt(
      Array.from({ length: 9 }, () => unavailable),
      'always',
    )
    expect(outcome).toMatchObject({ result: 'unavailable', calls: 5 })
  })

  it.each<[string, KubeErrorInit | Error, Repeatable]>([
    ['is not retryable', { code: 'forbidden', message: 'no' }, 'always'],
    ['is a bug', new TypeError('bug'), 'always'],
    ['may have been applied', { ...unavailable, maybeApplied: true }, 'when-not-applied'],
    ['asks for a longer pause than allowed', { ...unavailable, retryAfterMs: 30_001 }, 'always'],
  ])('is not retried when it %s', async (_what, failure, repeatable) => {
    expect((await attempt([failure], repeatable)).calls).toBe(1)
  })

  it.each<[string, KubeErrorInit, Repeatable]>([
    ['a retry does no harm', { ...unavailable, maybeApplied: true }, 'always'],
    [
      '429 came before anything was done',
      { code: 'too_many_requests', message: 'no', retryable: true, maybeApplied: true },
      'when-not-applied',
    ],
    ['the server asks for the longest allowed pause', { ...unavailable, retryAfterMs: 30_000 }, 'always'],
  ])('is retried when %s', async (_what, failure, repeatable) => {
    expect(await attempt([failure], repeatable)).toMatchObject({ result: 'done', calls: 2 })
  })

  it('waits at least as long as the server asks', async () => {
    const clock = createManualClock()
    let calls = 0
    const running = callWithRetry(
      () => {
        calls += 1
        return calls === 1
          ? Promise.reject(new KubeError({ ...unavailable, retryAfterMs: 20_000 }))
          : Promise.resolve(0)
      },
      { retry: defaultRetry, repeatable: 'always', clock, random: () => 0 },
    )
    await clock.advance(19_999)
    expect(calls).toBe(1)
    await clock.advance(1)
    expect(calls).toBe(2)
    await running
  })

  it('ends with the reason of its signal, and leaves no timer', async () => {
    const clock = createManualClock()
    const abort = new AbortController()
    const running = callWithRetry(() => Promise.reject(new KubeError(unavailable)), {
      retry: defaultRetry,
      repeatable: 'always',
      clock,
      random: () => 1,
      signal: abort.signal,
    })
    const ended = running.catch((error: unknown) => String(error))
    await clock.advance(100)
    abort.abort(new Error('enough'))
    expect(await ended).toBe('Error: enough')
    expect(clock.sleepers).toBe(0)
  })
})
