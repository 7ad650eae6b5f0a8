import { expect, it } from 'vitest'
import { systemClock } from './clock.ts'

it('says the time of the wall clock', () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(5_000)
})

it('wakes who sleeps with the reason of the signal', async () => {
  const abort = new AbortController()
  const sleeping = systemClock.sleep(60_000, abort.signal)
  abort.abort(new Error('enough'))
  await expect(sleeping).rejects.toThrow('enough')
  await expect(systemClock.sleep(60_000, AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
})

it('lets sleep who has no signal', async () => {
  await expect(systemClock.sleep(1)).resolves.toBeUndefined()
})
