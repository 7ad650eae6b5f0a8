import { describe, expect, it } from 'vitest'
import { collect, type Collected } from '../test/collect.ts'
import { FakeKubelet, type FakeKubeletOptions } from '../test/fake-kubelet.ts'
import { framedRun } from '../test/frames.ts'
import { nineOclock } from '../test/scenario.ts'
import { VirtualClock } from '../test/virtual-clock.ts'
import type { FollowOptions } from './follow-options.ts'

const lines = Array.from({ length: 60 }, (_, n) => `line ${n}`)
const hour = 3_600_000_000_000n

/**
 * A node clock that was an hour late for frames 20 to 29: a request by time leaves them out, so that only the whole
 * file has them, and every read of that breaks after `dyingAfter` bytes.
 */
async function follow(
  o: { dyingAfter: number; exitsAt?: number; exits?: boolean } & Pick<FollowOptions, 'rereadMs'>,
): Promise<Collected & { kubelet: FakeKubelet; clock: VirtualClock; startedAt: number }> {
  const clock = new VirtualClock()
  const startedAt = clock.now()
  const said = Promise.withResolvers<void>()
  const fault: FakeKubeletOptions['fault'] = ({ index, sinceTime }) => {
    if (index === o.exitsAt) said.resolve()
    // The first connection ends after frame 19.
    if (index === 0) return { cutAfter: size(20) }
    return sinceTime === undefined ? { cutAfter: o.dyingAfter } : undefined
  }
  const kubelet = new FakeKubelet({ now: () => clock.now(), fault })
  const physical = framedRun(lines.map((line) => ({ stream: 'o' as const, bytes: Buffer.from(line) })))
  const size = (count: number): number => physical.slice(0, count).reduce((sum, bytes) => sum + bytes.length + 32, 0)
  for (const [index, bytes] of physical.entries()) {
    const isLate = index >= 20 && index < 30
    kubelet.writeLine(nineOclock + BigInt(index) * 1_000_000n - (isLate ? hour : 0n), bytes)
  }
  const { rereadMs } = o
  const options = { framing: 'launcher' as const, containerEnded: said.promise, clock }
  const collected = await collect(kubelet, { ...options, ...(rereadMs === undefined ? {} : { rereadMs }) })
  return { ...collected, kubelet, clock, startedAt }
}

describe('a gap that only the whole file could fill', () => {
  it('is filled by it when it can be read', async () => {
    const { texts, gaps, end } = await follow({ dyingAfter: Infinity })
    expect(texts).toEqual(lines)
    expect(gaps).toEqual([])
    expect(end?.verdict).toBe('complete')
  })

  it('is given up with its bounds after `rereadMs` when every read of that file breaks', async () => {
    const { texts, gaps, end, clock, startedAt, kubelet } = await follow({ dyingAfter: 500 })
    expect(texts).toEqual(lines.filter((_, n) => n + 1 < 20 || n + 1 >= 30))
    expect(gaps).toMatchObject([{ unit: 'frames', from: 20, to: 29, reason: 'reread_failed' }])
    expect(end?.verdict).toBe('lost')
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(300_000)
    expect(clock.now() - startedAt).toBeLessThan(330_000)
    // With a backoff in between: some 60 of the waits lie between 5 and 10 s.
    expect(kubelet.connections.length).toBeLessThan(150)
  })

  it('is looked for no longer than the option says', async () => {
    const { gaps, clock, startedAt } = await follow({ dyingAfter: 500, rereadMs: 20_000 })
    expect(gaps).toMatchObject([{ from: 20, to: 29, reason: 'reread_failed' }])
    expect(clock.now() - startedAt).toBeLessThan(40_000)
  })

  it('is given up by the last read after `drainMs`, so that what comes after it is delivered', async () => {
    const { texts, gaps, end } = await follow({ dyingAfter: 500, exitsAt: 3 })
    expect(gaps).toMatchObject([{ from: 20, to: 29, reason: 'reread_failed' }])
    expect(texts.at(-1)).toBe(lines.at(-1))
    expect(end?.verdict).toBe('lost')
  })
})
