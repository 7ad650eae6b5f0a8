import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { FakeKubelet } from '../test/fake-kubelet.ts'
import { framedRun } from '../test/frames.ts'
import { VirtualClock } from '../test/virtual-clock.ts'
import { followLogs } from './follow-logs.ts'

const runs = 1_000
const frames = framedRun([{ stream: 'o', bytes: Buffer.from('line') }])

/** One container after another, all followed with the signal and the clock of one process. */
async function followMany(work: (kubelet: FakeKubelet, signal: AbortSignal, clock: VirtualClock) => Promise<void>) {
  const clock = new VirtualClock()
  const { signal } = new AbortController()
  let openBodies = 0
  const all = async (): Promise<void> => {
    for (let run = 0; run < runs; run++) {
      const kubelet = new FakeKubelet({ now: () => clock.now() })
      await work(kubelet, signal, clock)
      openBodies += kubelet.openBodies
    }
  }
  await clock.run(all())
  return { openBodies, sleeping: clock.sleeping, listeners: getEventListeners(signal, 'abort').length }
}

describe('a thousand followers, one after another, leave nothing behind', () => {
  const nothing = { openBodies: 0, sleeping: 0, listeners: 0 }

  it('at the end record', async () => {
    const left = await followMany(async (kubelet, signal, clock) => {
      for (const [index, bytes] of frames.entries()) kubelet.write(BigInt(clock.now() + index) * 1_000_000n, bytes)
      const { ended: containerEnded } = kubelet
      for await (const item of followLogs(kubelet, {
        framing: 'launcher',
        endRecord: 'trust',
        containerEnded,
        signal,
        clock,
      })) {
        if (item.type === 'end' && item.verdict !== 'complete') throw new Error(`it ended ${item.verdict}`)
      }
    })
    expect(left).toEqual(nothing)
  })

  it('at the end of the container, after a broken connection', async () => {
    const left = await followMany(async (kubelet, signal, clock) => {
      kubelet.write(BigInt(clock.now()) * 1_000_000n, Buffer.from('line'))
      const { ended: containerEnded } = kubelet
      for await (const item of followLogs(kubelet, { framing: 'none', containerEnded, signal, clock })) {
        if (item.type === 'line') kubelet.breakAll('rst')
        if (item.type === 'diagnostic') kubelet.exit()
      }
    })
    expect(left).toEqual(nothing)
  })

  it('when the consumer leaves', async () => {
    const left = await followMany(async (kubelet, signal, clock) => {
      kubelet.write(BigInt(clock.now()) * 1_000_000n, Buffer.from('line'))
      const { ended: containerEnded } = kubelet
      for await (const item of followLogs(kubelet, { framing: 'none', containerEnded, signal, clock })) {
        if (item.type === 'line') break
      }
    })
    expect(left).toEqual(nothing)
  })
})
