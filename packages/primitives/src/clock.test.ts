import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from './clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('the system clock', () => {
  it('sleeps for durations that a timer would turn into 1 ms', async () => {
    vi.useFakeTimers()
    const ms = 2 ** 31
    const woke = vi.fn<() => void>()
    const slept = systemClock.sleep(ms).then(woke)
    await vi.advanceTimersByTimeAsync(ms - 1)
    expect(woke).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await slept
  })

  it('never wakes before the duration has passed', async () => {
    vi.useFakeTimers()
    await fc.assert(
      fc.asyncProperty(fc.double({ min: -10, max: 2 ** 33, noNaN: true }), async (ms) => {
        const start = systemClock.now()
        const slept = systemClock.sleep(ms)
        await vi.advanceTimersByTimeAsync(Math.max(0, Math.ceil(ms)))
        await slept
        expect(systemClock.now() - start).toBeGreaterThanOrEqual(ms)
        expect(vi.getTimerCount()).toBe(0)
      }),
    )
  })

  it.each([0, 5, 2 ** 40, Infinity])('rejects a sleep of %s ms with the very reason of the signal', async (ms) => {
    const controller = new AbortController()
    const reason = { why: 'cancelled by a person' }
    const slept = systemClock.sleep(ms, controller.signal)
    controller.abort(reason)
    await expect(slept).rejects.toBe(reason)
    await expect(systemClock.sleep(ms, controller.signal)).rejects.toBe(reason)
  })

  it('leaves no listener and no timer behind', async () => {
    vi.useFakeTimers()
    const controller = new AbortController()
    const removed = vi.spyOn(controller.signal, 'removeEventListener')
    const slept = systemClock.sleep(10, controller.signal)
    await vi.advanceTimersByTimeAsync(10)
    await slept
    expect(removed).toHaveBeenCalledTimes(1)
    const aborted = systemClock.sleep(10, controller.signal)
    controller.abort(new Error('over'))
    await expect(aborted).rejects.toThrow('over')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('refuses a duration that is not a number', async () => {
    await expect(systemClock.sleep(NaN)).rejects.toThrow('Expected `ms` to be a number, got `NaN`')
  })

  it('measures durations without the wall clock', () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const before = systemClock.now()
    vi.setSystemTime(0)
    expect(systemClock.wallTime()).toBe(0)
    expect(systemClock.now()).toBeGreaterThanOrEqual(before)
  })
})
