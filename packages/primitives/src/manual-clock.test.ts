import { describe, expect, it } from 'vitest'
import { createManualClock } from './manual-clock.ts'

describe('a manual clock', () => {
  it('wakes sleepers in order and lets each run before time moves on', async () => {
    const clock = createManualClock()
    const woken: string[] = []
    const note = (name: string) => () => void woken.push(`${name} at ${clock.now()}`)
    const late = clock.sleep(20).then(note('late'))
    const early = clock
      .sleep(10)
      .then(note('early'))
      .then(() => clock.sleep(5))
      .then(note('chained'))
    await clock.advance(30)
    await Promise.all([late, early])
    expect(woken).toEqual(['early at 10', 'chained at 15', 'late at 20'])
    expect(clock.now()).toBe(30)
    expect(clock.sleepers).toBe(0)
  })

  it('keeps durations apart from the date', async () => {
    const clock = createManualClock({ wallTime: 1_000 })
    await clock.advance(5)
    clock.stepWallTime(-600)
    expect([clock.now(), clock.wallTime()]).toEqual([5, 405])
  })

  it('rejects with the reason of the signal and forgets the sleeper', async () => {
    const clock = createManualClock()
    const controller = new AbortController()
    const slept = clock.sleep(10, controller.signal)
    controller.abort('enough')
    await expect(slept).rejects.toBe('enough')
    await expect(clock.sleep(10, controller.signal)).rejects.toBe('enough')
    expect(clock.sleepers).toBe(0)
  })

  it('refuses a duration that is not a number', async () => {
    await expect(createManualClock().sleep(NaN)).rejects.toThrow('got `NaN`')
  })
})
