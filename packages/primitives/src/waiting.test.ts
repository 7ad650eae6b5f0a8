import { getEventListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createManualClock } from './manual-clock.ts'
import { createLatch, firstOf, untilAborted } from './waiting.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')
function heapUsed(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

describe('a latch', () => {
  it('settles waits from before and after it opened, once', async () => {
    const latch = createLatch<string>()
    const before = latch.wait()
    latch.open('first')
    latch.open('second')
    latch.fail(new Error('late'))
    expect([await before, await latch.wait()]).toEqual(['first', 'first'])
    expect(latch.state).toEqual({ kind: 'open', value: 'first' })
  })

  it('fails every wait with its reason', async () => {
    const latch = createLatch()
    const before = latch.wait()
    latch.fail('broken')
    await expect(before).rejects.toBe('broken')
    await expect(latch.wait()).rejects.toBe('broken')
  })

  it('ends a wait with the reason of its signal, and only that wait', async () => {
    const latch = createLatch<number>()
    const controller = new AbortController()
    const [patient, ended] = [latch.wait(), latch.wait(controller.signal)]
    controller.abort('enough')
    await expect(ended).rejects.toBe('enough')
    await expect(latch.wait(controller.signal)).rejects.toBe('enough')
    latch.open(7)
    expect(await patient).toBe(7)
  })

  it('has no listener left on a signal after any end', async () => {
    const latch = createLatch()
    const { signal } = new AbortController()
    const waits = [latch.wait(signal), latch.wait(signal)]
    expect(listeners(signal)).toBe(2)
    latch.open()
    await Promise.all(waits)
    expect(listeners(signal)).toBe(0)
  })
})

describe('the first of several waits', () => {
  it('settles like the first and aborts the others', async () => {
    const clock = createManualClock()
    const latch = createLatch<string>()
    const never = createLatch<string>()
    const { signal } = new AbortController()
    const result = firstOf(
      [(s) => latch.wait(s), (s) => never.wait(s), (s) => clock.sleep(1_000, s).then(() => 'late')],
      signal,
    )
    expect(clock.sleepers).toBe(1)
    latch.open('here')
    expect(await result).toBe('here')
    expect(clock.sleepers).toBe(0)
    expect(listeners(signal)).toBe(0)
  })

  it('leaves nothing on a latch that outlives many waits', async () => {
    const never = createLatch()
    const before = heapUsed()
    for (let turn = 0; turn < 20_000; turn += 1) await firstOf([(s) => never.wait(s), () => Promise.resolve()])
    // Races against a promise would keep more than 100 bytes for each turn.
    expect(heapUsed() - before).toBeLessThan(1_000_000)
    expect(never.state.kind).toBe('waiting')
  })

  it('rejects with the reason of the signal although a wait ignores its own', async () => {
    const controller = new AbortController()
    const result = firstOf([() => new Promise<void>(() => {})], controller.signal)
    controller.abort('over')
    await expect(result).rejects.toBe('over')
    await expect(firstOf([() => new Promise<void>(() => {})], controller.signal)).rejects.toBe('over')
  })

  it('rejects when a wait throws at once, and ends those that were started', async () => {
    const clock = createManualClock()
    const result = firstOf([
      (s) => clock.sleep(1_000, s),
      () => {
        throw new Error('at once')
      },
    ])
    await expect(result).rejects.toThrow('at once')
    expect(clock.sleepers).toBe(0)
  })
})

describe('work that takes no signal', () => {
  it('is awaited until it settles or the signal aborts', async () => {
    const controller = new AbortController()
    expect(await untilAborted(Promise.resolve(1), controller.signal)).toBe(1)
    await expect(untilAborted(Promise.reject(new Error('mine')), controller.signal)).rejects.toThrow('mine')
    const work = untilAborted(new Promise<void>(() => {}), controller.signal)
    controller.abort('over')
    await expect(work).rejects.toBe('over')
    expect(listeners(controller.signal)).toBe(0)
  })
})
