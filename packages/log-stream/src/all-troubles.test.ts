import { describe, expect, it } from 'vitest'
import { collect, type Collected } from '../test/collect.ts'
import { FakeKubelet, type FakeKubeletOptions } from '../test/fake-kubelet.ts'
import { framedRun } from '../test/frames.ts'
import { pick, randomLines, seededRandom } from '../test/random.ts'
import { VirtualClock } from '../test/virtual-clock.ts'
import type { JournalSource } from './journal-source.ts'

const seed = Number(process.env['LOG_STREAM_SEED'] ?? Date.now() & 0xffff)
const hows = ['fin', 'rst', 'half-open'] as const
const words = [
  'unable to retrieve container logs for containerd://1',
  'rpc error: code = NotFound desc = x',
  'failed to create fsnotify watcher: too many open files',
]
const answers = [
  { status: 204 },
  { status: 404, body: { details: { kind: 'pods/log' } } },
  { status: 429, headers: { 'retry-after': '3' } },
  { status: 500, body: 'x' },
  { status: 400, body: { message: 'container "main" is waiting to start: x' } },
]

function oneOf<T>(random: () => number, all: readonly T[]): T | undefined {
  return all[pick(random, 0, all.length - 1)]
}

/** Every request may fail in every way: probes, whole files and last reads too. */
function faults(random: () => number): NonNullable<FakeKubeletOptions['fault']> {
  return () => {
    const kind = random()
    const answer = oneOf(random, answers)
    const said = oneOf(random, words)
    if (kind < 0.15 && answer !== undefined) return { answer }
    if (kind < 0.2) return { refuse: true }
    if (kind < 0.25 && said !== undefined) return { cutAfter: pick(random, 0, 30_000), words: said }
    if (kind < 0.6) return { cutAfter: pick(random, 0, 60_000), how: oneOf(random, hows) ?? 'rst' }
    return undefined
  }
}

/** A container with all troubles at once. With a journal its log is rotated too, and with frames its clock may jump. */
async function live(
  how: 'journal' | 'frames' | 'plain',
  random: () => number,
): Promise<Collected & { printed: string[] }> {
  const clock = new VirtualClock()
  const printed = randomLines(random, pick(random, 20, 150), { maxBytes: 30_000 })
  const texts = printed.map((text) => Buffer.from(text))
  const physical =
    how === 'plain' ? texts : framedRun(texts.map((bytes, i) => ({ stream: i % 4 === 3 ? 'e' : 'o', bytes })))
  const kubelet = new FakeKubelet({
    now: () => clock.now(),
    zoneMinutes: pick(random, -3, 3) * 105,
    fault: faults(random),
    chunk(bytes) {
      const cut = pick(random, 0, bytes.length)
      return [bytes.subarray(0, cut), bytes.subarray(cut)]
    },
  })
  const written: Buffer[] = []
  const journal: JournalSource = {
    async *read({ fromSeq, toSeq = Infinity }) {
      for (const [seq, bytes] of written.entries()) {
        if (seq >= fromSeq && seq <= toSeq) yield Buffer.concat([bytes, Buffer.from('\n')])
      }
    },
  }
  const playing = (async () => {
    let skewMs = 0
    let last = 0n
    for (const bytes of physical) {
      written.push(bytes)
      if (how !== 'plain' && random() < 0.05) skewMs = pick(random, -3_600_000, 3_600_000)
      const now = BigInt(Math.floor(clock.now()) + skewMs) * 1_000_000n
      // Several lines on one nanosecond.
      last = how === 'plain' && now <= last ? last + BigInt(pick(random, 0, 1)) : now
      kubelet.writeLine(last, bytes)
      if (how === 'journal' && random() < 0.1) kubelet.rotate()
      if (how === 'journal' && random() < 0.05) kubelet.rotateUnseen()
      if (random() < 0.3) await clock.sleep(pick(random, 1, random() < 0.1 ? 60_000 : 3_000))
      if (random() < 0.05) kubelet.breakAll(oneOf(random, hows) ?? 'rst')
    }
    await clock.sleep(pick(random, 0, 5_000))
    kubelet.exit()
  })()
  const collected = await collect(kubelet, {
    framing: how === 'plain' ? 'none' : 'launcher',
    containerEnded: kubelet.ended,
    clock,
    // Nothing works for long here: the last read needs more retries than the default allows.
    drainMs: 600_000,
    ...(how === 'journal' ? { journal } : {}),
  })
  await clock.run(playing)
  return { ...collected, printed }
}

describe(`when every request may fail in every way (seed ${seed})`, () => {
  it.each(['journal', 'frames', 'plain'] as const)('each line comes once: %s', async (how) => {
    for (let round = 0; round < 30; round++) {
      const { texts, gaps, end, printed } = await live(how, seededRandom(seed + round))
      expect({ round, texts, gaps }).toEqual({ round, texts: printed, gaps: [] })
      expect(end?.verdict).toBe(how === 'plain' ? 'unverified' : 'complete')
    }
  })
})
