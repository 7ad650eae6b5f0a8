import { createManualClock } from '@agent-jobs/primitives'
import { describe, expect, it } from 'vitest'
import { guardHost, type HostCallbacks } from './paperclip-host.ts'

function world(callbacks: Partial<HostCallbacks>) {
  const clock = createManualClock()
  const warnings: string[] = []
  const host = guardHost(
    { onLog: async () => undefined, ...callbacks },
    { clock, onWarning: (message) => void warnings.push(message) },
  )
  /** Moves the clock until the work is done. */
  const run = async <T>(work: Promise<T>): Promise<T> => {
    const state = { isDone: false }
    const done = work.finally(() => {
      state.isDone = true
    })
    while (!state.isDone) await clock.advance(100)
    return done
  }
  return { clock, warnings, host, run }
}

/** Rejects until the clock says so. */
function failsUntil(clock: () => number, ms: number) {
  return () => {
    if (clock() < ms) throw new Error('ENOSPC')
  }
}

describe('the guarded host', () => {
  it('delivers every call in order, across all callbacks, while one of them fails for 30 s', async () => {
    const order: string[] = []
    let now = (): number => 0
    const fail = failsUntil(() => now(), 30_000)
    const { host, run, warnings, clock } = world({
      onLog: async (_stream, chunk) => {
        fail()
        order.push(chunk)
      },
      onEvent: async ({ message }) => void order.push(`event ${message}`),
      onRuntimeProgress: async ({ message }) => void order.push(`progress ${message}`),
    })
    now = clock.now
    await host.log('stdout', 'one')
    host.event({ eventType: 'lifecycle', stream: 'system', level: 'info', message: 'two' })
    await host.log('stdout', 'three')
    host.progress({ phase: 'adapter_startup', message: 'four' })
    await run(host.close(60_000))
    expect(order).toEqual(['one', 'event two', 'three', 'progress four'])
    expect(clock.now()).toBeGreaterThan(30_000)
    expect(warnings).toEqual([expect.stringContaining('(onLog): ENOSPC')])
  })

  it('gives up a call after a minute, tries the next ones once each, and reports how many were lost', async () => {
    const taken: string[] = []
    let isBroken = true
    const { host, run, warnings, clock } = world({
      onLog: async (_stream, chunk) => {
        if (isBroken) throw new Error('EROFS')
        taken.push(chunk)
      },
    })
    for (const text of ['a', 'b', 'c']) await host.log('stdout', text)
    await clock.advance(65_000)
    isBroken = false
    await host.log('stdout', 'd')
    await run(host.close(60_000))
    expect(taken).toEqual(['d'])
    expect(warnings.at(-1)).toContain('did not take 3 report(s)')
  })

  it('does not let a call that never answers hold the run', async () => {
    const { host, run, warnings } = world({ onLog: () => new Promise(() => undefined) })
    const chunk = 'x'.repeat(600_000)
    await host.log('stdout', chunk)
    await run(host.log('stdout', chunk))
    await run(host.close(10_000))
    expect(warnings).toEqual([expect.stringContaining('did not take')])
  })

  it('starts the run although readiness cannot be reported, and keeps trying to report it', async () => {
    let calls = 0
    const { host, run, warnings } = world({
      onCancellationReady: async () => {
        calls += 1
        if (calls < 4) throw new Error('database paused')
      },
    })
    await host.cancellationReady()
    expect(calls).toBe(1)
    await run(host.close(60_000))
    expect(calls).toBe(4)
    expect(warnings).toHaveLength(1)
  })

  it('treats a callback that throws like one that rejects', async () => {
    const { host, run, warnings } = world({
      onDispatch: () => {
        throw new Error('not now')
      },
    })
    host.dispatch()
    await run(host.close(120_000))
    expect(warnings[0]).toContain('(onDispatch): not now')
  })

  it('calls nothing when Paperclip has no such callback', async () => {
    const { host, run, warnings } = world({})
    host.meta({ adapterType: 'x', command: 'y' })
    host.dispatch()
    await host.cancellationReady()
    await run(host.close(1_000))
    expect(warnings).toEqual([])
  })
})
