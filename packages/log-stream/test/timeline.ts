import type { FollowOptions } from '../src/follow-options.ts'
import { collect, type Collected } from './collect.ts'
import { FakeKubelet, type FakeKubeletOptions } from './fake-kubelet.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface Stage {
  kubelet: FakeKubelet
  clock: VirtualClock
  /** The container prints a line now, by a node clock that is `skewMs` off. */
  print(text: string | Buffer, skewMs?: number): void
  /** Time passes. */
  pass(ms: number): Promise<void>
  /** Everything that was printed. */
  printed: string[]
}

export interface Played extends Collected {
  kubelet: FakeKubelet
  printed: string[]
  /** When each line was delivered, on the stage's clock. */
  handedOverAt: Map<string, number>
}

/** Follows a container while `play` decides what it prints and what goes wrong, on one virtual clock. */
export async function playStage(
  o: { framing: 'launcher' | 'none'; kubelet?: FakeKubeletOptions; options?: Partial<FollowOptions> },
  play: (stage: Stage) => Promise<void>,
): Promise<Played> {
  const clock = new VirtualClock()
  const kubelet = new FakeKubelet({ now: () => clock.now(), ...o.kubelet })
  const printed: string[] = []
  const handedOverAt = new Map<string, number>()
  let sameMs = 0n
  const stage: Stage = {
    kubelet,
    clock,
    printed,
    print(text, skewMs = 0) {
      printed.push(text.toString())
      kubelet.writeLine(
        BigInt(Math.floor(clock.now() + skewMs)) * 1_000_000n + (sameMs++ % 1_000_000n),
        Buffer.from(text),
      )
    },
    pass: (ms) => clock.sleep(ms),
  }
  const failure = Promise.withResolvers<never>()
  const playing = play(stage).catch(failure.reject)
  const following = collect(
    kubelet,
    { framing: o.framing, containerEnded: kubelet.ended, ...o.options, clock },
    (item) => {
      if (item.type === 'line') handedOverAt.set(item.text, clock.now())
    },
  )
  const collected = await Promise.race([following, failure.promise])
  await clock.run(playing)
  return { ...collected, kubelet, printed, handedOverAt }
}
