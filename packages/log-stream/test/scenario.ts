import type { FollowOptions } from '../src/follow-options.ts'
import { collect, type Collected } from './collect.ts'
import { FakeKubelet, type FakeKubeletOptions } from './fake-kubelet.ts'
import { framedRun } from './frames.ts'
import { VirtualClock } from './virtual-clock.ts'

/** 2026-11-21T09:00:00Z in nanoseconds. */
export const nineOclock = 1_795_251_600_000_000_000n

export interface Scenario {
  framing: 'launcher' | 'none'
  lines: readonly string[]
  kubelet?: FakeKubeletOptions
  /** Nanoseconds between two lines. */
  stepNs?: bigint
  /** When each physical line is written. */
  time?: (index: number) => bigint
  options?: Partial<FollowOptions>
}

/** Prints everything, lets the container exit, follows it, and returns what was delivered. */
export async function runScenario(o: Scenario): Promise<Collected & { kubelet: FakeKubelet }> {
  const clock = new VirtualClock()
  const kubelet = new FakeKubelet({ now: () => clock.now(), ...o.kubelet })
  const time = o.time ?? ((index: number) => nineOclock + BigInt(index) * (o.stepNs ?? 1_000_000n))
  const physical =
    o.framing === 'none'
      ? o.lines.map((line) => Buffer.from(line))
      : framedRun(o.lines.map((line, index) => ({ stream: index % 5 === 4 ? 'e' : 'o', bytes: Buffer.from(line) })))
  for (const [index, bytes] of physical.entries()) kubelet.writeLine(time(index), bytes)
  const sayEnded = kubelet.exitSilently()
  let left = o.lines.length
  // The pod's status says so only when everything was read once: until then the end of a body proves nothing.
  if (o.framing === 'none' && left === 0) sayEnded()
  const collected = await collect(
    kubelet,
    { framing: o.framing, containerEnded: kubelet.ended, endRecord: 'confirm', ...o.options, clock },
    (item) => {
      if (item.type === 'line' && item.part?.last !== false && --left === 0) sayEnded()
    },
  )
  return { ...collected, kubelet }
}

/** Joins the parts of long lines. */
export function wholeTexts(collected: Collected): string[] {
  const texts: string[] = []
  let open = ''
  for (const line of collected.lines) {
    open += line.text
    if (line.part?.last === false) continue
    texts.push(open)
    open = ''
  }
  return texts
}
